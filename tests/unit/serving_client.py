"""The model server's application with real workers, without a port."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from serving.app import make_app
from serving.metrics import Metrics
from serving.settings import ServerSettings
from serving.workers import Workers
from signpost.images.limits import Limits


@contextmanager
def serve(model_dir: Path, limits: Limits | None = None, **given: Any) -> Iterator[TestClient]:
    """Serve a model package until the block ends."""
    settings = ServerSettings(**{"model_dir": model_dir, "workers": 2} | given)
    workers = Workers(settings, limits or Limits(), Metrics())
    app = make_app(workers, settings)

    @asynccontextmanager
    async def lifespan(_app: object) -> AsyncIterator[None]:
        async with workers:
            yield

    with TestClient(Starlette(routes=[Mount("/", app)], lifespan=lifespan)) as client:
        yield client
