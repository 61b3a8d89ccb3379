"""``signpost review``: the page on which people look at decisions and correct them."""

from __future__ import annotations

import getpass
import hashlib
import os
import secrets
import socket
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from cli.capture import From
from cli.cloud import Aws
from cli.connection import find_deployment, settings
from cli.output import console
from cli.sources import open_source
from review.app import make_app
from review.index import SCHEMA, Index
from review.parts import Parts, make_parts
from review.people import Visitor
from review.security import LocalGuard
from review.sync import Sources
from signpost.aws import clients
from signpost.aws.files import Bucket
from signpost.capture.originals import originals
from signpost.errors import SignpostError
from signpost.http.bounded import Bounds, bounded_protocol
from signpost.settings.file import Settings
from training.data.download import cache_folder

_PATIENCE_SECONDS = 3.0
# Other users of the machine can reach the port too.
_BOUNDS = Bounds(seconds=30, connections=200)


def review(
    source: From = None,
    reviewer: Annotated[
        str | None, typer.Option(help="Who corrects: kept with each correction.", show_default="user@host")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of the page; 0 takes any free one.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open it in the browser.")] = True,
    on_aws: Aws = False,
) -> None:
    """Open the page that shows what the model saw, to look at it and correct it.

    Example: signpost review

    Example: signpost review --from captured-data --reviewer anna
    """
    app_settings = settings()
    sources = _sources(app_settings, source, on_aws)
    visitor = Visitor(reviewer or f"{getpass.getuser()}@{socket.gethostname()}", may_correct=True)
    parts = make_parts(Index(_index_file(app_settings, source)), sources, lambda _: visitor)
    with _bound(port) as listening:
        parts.upkeep.start()
        parts.upkeep.wait(_PATIENCE_SECONDS)
        try:
            _serve(parts, listening, browser)
        except KeyboardInterrupt:
            console.print("Closed.")
        finally:
            parts.upkeep.stop()
            parts.index.close()


def _serve(parts: Parts, listening: socket.socket, browser: bool) -> None:
    port = listening.getsockname()[1]
    token, once = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    guarded = LocalGuard(make_app(parts), port, token, once)
    address = f"http://127.0.0.1:{port}/?token="
    console.print(f"The page is at {address}{token} until you press Ctrl+C.")
    if browser:
        typer.launch(f"{address}{once}")
    config = uvicorn.Config(
        guarded, http=bounded_protocol(_BOUNDS), ws="none", log_level="warning", server_header=False
    )
    uvicorn.Server(config).run(sockets=[listening])


def _sources(app_settings: Settings, source: str | None, on_aws: bool) -> Sources:
    files, prefix = open_source(source, on_aws)
    if source is not None:
        return Sources(files, prefix, None, None, app_settings)
    client = clients.client("s3", read_timeout=60)
    decisions = Bucket(client, find_deployment(on_aws)["DecisionsBucket"])
    return Sources(files, prefix, decisions, originals(client, app_settings.limits.as_limits()), app_settings)


def _index_file(app_settings: Settings, source: str | None) -> Path:
    """Name the index's file: another one for other records, settings that decide otherwise, or another schema."""
    place = source if source is None or "://" in source else str(Path(source).resolve())
    parts = (SCHEMA, place, os.environ.get("AWS_ENDPOINT_URL"), app_settings.model_dump_json())
    digest = hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
    return cache_folder() / "review" / f"{digest}.sqlite"


def _bound(port: int) -> socket.socket:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
        listening.listen()  # before the address is printed: who is quick waits and is not refused
    except OSError as error:
        listening.close()
        raise SignpostError(f"port {port} can't be used: {error.strerror}. Give another --port.") from error
    return listening
