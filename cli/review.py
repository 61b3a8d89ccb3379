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
from review.originals import originals
from review.parts import Parts
from review.people import Visitor
from review.reviewing import Desk
from review.security import LocalGuard
from review.showing import Pictures
from review.sync import Sources, sync
from review.upkeep import Upkeep
from signpost import aws
from signpost.errors import SignpostError
from signpost.files import Bucket
from signpost.settings import Settings
from training.data.download import cache_folder

_PATIENCE_SECONDS = 3.0


def review(
    source: From = None,
    reviewer: Annotated[
        str | None, typer.Option(help="Who corrects: kept with each correction.", show_default="your user name")
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
    index = Index(_index_file(app_settings, source))
    upkeep = Upkeep(lambda progress, whole: sync(index, sources, progress, whole=whole))
    limits = app_settings.limits.as_limits()
    fetch = originals(aws.client("s3", read_timeout=60), limits) if sources.decisions else None
    visitor = Visitor(reviewer or getpass.getuser(), may_correct=True)
    parts = Parts(
        index=index,
        desk=Desk(index, sources.captured, app_settings),
        pictures=Pictures(sources.captured, fetch, limits),
        visitors=lambda _: visitor,
        upkeep=upkeep,
    )
    with _bound(port) as listening:
        number = listening.getsockname()[1]
        token, once = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        guarded = LocalGuard(make_app(parts), number, token, once)
        server = uvicorn.Server(uvicorn.Config(guarded, log_level="warning", server_header=False))
        upkeep.start()
        upkeep.wait(_PATIENCE_SECONDS)
        address = f"http://127.0.0.1:{number}/?token="
        console.print(f"The page is at {address}{token} until you press Ctrl+C.", soft_wrap=True)
        if browser:
            typer.launch(f"{address}{once}")
        try:
            server.run(sockets=[listening])
        except KeyboardInterrupt:
            console.print("Closed.")
        finally:
            upkeep.stop()
            index.close()


def _sources(app_settings: Settings, source: str | None, on_aws: bool) -> Sources:
    files, prefix = open_source(source, on_aws)
    decisions = None
    if source is None:
        decisions = Bucket(aws.client("s3", read_timeout=60), find_deployment(on_aws)["DecisionsBucket"])
    return Sources(files, prefix, decisions, app_settings)


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
