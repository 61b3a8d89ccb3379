"""BentoML, with FastAPI mounted: its own types would write a raw body to a temporary file first."""

# pyright: reportMissingImports=false

import bentoml
from fastapi import FastAPI, Request, Response

from serving.benchmark.rivals.model import WORKERS, Model

app = FastAPI()


@bentoml.service(workers=WORKERS, logging={"access": {"enabled": False}}, metrics={"enabled": False})
@bentoml.asgi_app(app)
class Classifier:
    """The service; each worker has one."""

    def __init__(self) -> None:
        self.model = Model()

    @app.post("/invocations")
    async def invocations(self, request: Request) -> Response:
        """Answer one picture."""
        return Response(self.model.classify(await request.body()), media_type="application/json")
