"""The route that predicts: reads a request, has a worker answer it, sends the answer.

Plain ASGI: it is what each picture pays for, so it makes no objects that it does not need.
"""

from __future__ import annotations

import asyncio
import logging
import time

from starlette.types import Message, Receive, Scope, Send

from serving.errors import RequestError, error_body
from serving.frames import Kind
from serving.negotiation import JSON, check_accept, check_encoding, content_type
from serving.workers import Workers

logger = logging.getLogger("serving")

# nginx made this status usual for a caller that did not wait; nobody reads it.
_CLIENT_CLOSED_REQUEST = 499
Headers = list[tuple[bytes, bytes]]


class Predictions:
    """``POST`` of a picture, or of JSON instances.

    Parameters
    ----------
    workers : Workers
        Who answers.
    deadline_s : float
        Seconds from a request's first byte to its answer.
    """

    def __init__(self, workers: Workers, deadline_s: float) -> None:
        self._workers = workers
        self._deadline_s = deadline_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        started = scope.get("state", {}).get("started") or time.monotonic()
        headers: Headers = []
        try:
            status, document = await self._answer(scope, receive, started + self._deadline_s)
        except RequestError as error:
            status, document = error.status, error_body(error.code, error.message)
            headers = [(name.encode(), value.encode()) for name, value in error.headers.items()]
        except ConnectionResetError:
            status, document = _CLIENT_CLOSED_REQUEST, b""
        except Exception:
            logger.exception("fault")
            status, document = 500, error_body("internal_error", "The server failed; its log says why.")
        seconds = time.monotonic() - started
        self._workers.metrics.count(status, seconds)
        if status >= 400 and status != 503:  # overload would fill the log when there is least time for it
            fields = {"path": scope["path"][:200], "status": status, "ms": round(1000 * seconds, 1)}
            logger.info("request", extra={"fields": fields})
        length = (b"content-length", str(len(document)).encode())
        headers = [(b"content-type", JSON.encode()), length, *headers]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": document})

    async def _answer(self, scope: Scope, receive: Receive, deadline: float) -> tuple[int, bytes]:
        if scope["method"] != "POST":
            raise RequestError(405, "method_not_allowed", f"{scope['path'][:200]} takes POST.", allow="POST")
        headers = scope["headers"]
        check_accept(headers)
        check_encoding(headers)
        json = content_type(headers) == JSON
        most = self._workers.limits.max_bytes
        most = most * 4 // 3 if json else most  # base64 needs four bytes for three
        body = _Body(self._workers, most)
        try:
            chunks = await body.read(receive, deadline)
            return await self._workers.ask(Kind.INSTANCES if json else Kind.PICTURE, chunks, deadline)
        finally:
            body.release()


class _Body:
    """A request's body, of which memory is set aside as it comes in."""

    def __init__(self, workers: Workers, most: int) -> None:
        self._workers = workers
        self._most = most
        self._size = 0

    async def read(self, receive: Receive, deadline: float) -> list[bytes]:
        message = await receive()
        if message["type"] == "http.request" and not message.get("more_body"):  # nearly all small pictures
            return [self._take(message)]
        chunks = [self._take(message)]
        try:
            async with asyncio.timeout_at(asyncio.get_running_loop().time() + deadline - time.monotonic()):
                while message.get("more_body"):
                    message = await receive()
                    chunks.append(self._take(message))
        except TimeoutError:
            raise RequestError(408, "request_timeout", "The body did not come in time.") from None
        return chunks

    def release(self) -> None:
        self._workers.release(self._size)

    def _take(self, message: Message) -> bytes:
        if message["type"] == "http.disconnect":
            raise ConnectionResetError
        chunk = message.get("body", b"")
        if self._size + len(chunk) > self._most:  # uvicorn reads the rest, drops it and only then closes
            text = f"The body has over {self._most:,} bytes. Send a smaller picture, or fewer."
            raise RequestError(413, "too_large", text)
        self._workers.reserve(len(chunk))
        self._size += len(chunk)
        return chunk
