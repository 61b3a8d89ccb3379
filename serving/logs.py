"""Structured logs: one JSON object a line, and never a picture in it."""

from __future__ import annotations

import json
import logging
import time
import traceback
from datetime import UTC, datetime

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.errors import error_response

logger = logging.getLogger("serving")


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON; ``extra={"fields": {…}}`` adds keys."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= getattr(record, "fields", {})
        if record.exc_info:
            kind, _, trace = record.exc_info
            # Frames and type without the exception's message, which may quote its input.
            line["fault"] = kind.__name__ if kind else ""
            line["trace"] = [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(trace)]
        return json.dumps(line, ensure_ascii=False)


def configure_logging() -> None:
    """Send every log line, uvicorn's too, to standard error as JSON."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # Pillow warns about odd metadata.
    logging.captureWarnings(capture=True)


class RequestLog:
    """Middleware that logs a line a request, and answers 500 to a fault of our own.

    Parameters
    ----------
    app : ASGIApp
        What it wraps.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception:
            logger.exception("fault")
            if status:  # half an answer is on its way: only closing the connection tells that it is wrong
                raise
            await error_response(500, "internal_error", "The server failed; its log says why.")(scope, receive, watch)
        finally:
            milliseconds = round(1000 * (time.perf_counter() - started), 1)
            fields = {"method": scope["method"], "path": scope["path"][:200], "status": status, "ms": milliseconds}
            logger.info("request", extra={"fields": fields})
