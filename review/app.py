"""The web app: pages, pictures, changes."""

from __future__ import annotations

import logging
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from review import changes, diagrams, pages
from review.parts import Parts, render
from review.reviewing import NotAllowed
from review.security import SecureHeaders
from signpost.errors import SignpostError
from signpost.terminal.printable import printable
from signpost.validation import explain

_log = logging.getLogger(__name__)
_STATIC = Path(__file__).parent / "static"


def make_app(parts: Parts) -> FastAPI:
    """Build the application.

    Parameters
    ----------
    parts : Parts

    Returns
    -------
    FastAPI
        Without any guard: see `review.security.LocalGuard`.
    """
    app = FastAPI(title="Signpost review", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.parts = parts
    app.state.templates = _templates()
    for routes in (pages, changes, diagrams):
        app.include_router(routes.router)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    app.add_middleware(SecureHeaders)
    for kind in (NotAllowed, HTTPException, RequestValidationError, SignpostError, BotoCoreError, ClientError):
        app.add_exception_handler(kind, _explain)
    return app


def _templates() -> Jinja2Templates:
    environment = Environment(
        loader=PackageLoader("review"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["visible"] = printable
    return Jinja2Templates(env=environment)


def _explain(request: Request, error: Exception) -> Response:
    """Say on a page what was not done, and why."""
    if isinstance(error, RequestValidationError):
        status, message = 422, f"The request is not valid. {explain(error.errors())}."
    elif isinstance(error, HTTPException):
        status, message = error.status_code, f"{error.detail}."
    elif isinstance(error, NotAllowed):
        status, message = 403, f"{error}."
    elif isinstance(error, SignpostError):
        status, message = 503, f"Not done: {error}"
    else:
        _log.error("a service failed", exc_info=error)
        status, message = 503, "Not done: S3, or another service that is needed, refused or did not answer. Try again."
    return render(request, "message.html", status, message=message[:1].upper() + message[1:])
