"""HTTP/1.1 connections with bounds, for uvicorn, which has none on the head of a request and on slow clients."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

logger = logging.getLogger("uvicorn.error")
# A client that does not read its answer is cut off after so long.
_LINGER_SECONDS = 5
_MESSAGES = {
    400: ("bad_request", "The request is not HTTP/1.1."),
    408: ("request_timeout", "The request did not arrive within {0.seconds:g} seconds."),
    431: ("head_too_large", "A request's head may have {0.head_bytes:,} bytes and {0.headers} headers."),
    503: ("too_many_connections", "The server has {0.connections:,} open connections. Close some, and retry."),
}


@dataclass(frozen=True)
class Bounds:
    """What a client may take.

    Attributes
    ----------
    seconds : float
        From the first byte of a request to its last.
    connections : int
        Open at once, of all clients together.
    head_bytes : int
        Of the request line, the headers and the trailers.
    headers : int
        Headers and trailers of one request.
    """

    seconds: float
    connections: int
    head_bytes: int = 2**15
    headers: int = 100


def bounded_protocol(bounds: Bounds) -> type[asyncio.Protocol]:
    """Make the protocol class that uvicorn takes as ``http``.

    What is over a bound is answered with status 408, 431 or 503 and ``{"error": {"code", "message"}}``, and its
    connection closed. A connection on which nothing has come is closed after uvicorn's ``timeout_keep_alive``. When a
    request began is in the scope, as ``scope["state"]["started"]``, in seconds of `time.monotonic`.

    Parameters
    ----------
    bounds : Bounds
    """
    return type("BoundedHttpToolsProtocol", (_BoundedProtocol,), {"bounds": bounds})


class _RefusedError(Exception):
    """Stops the parser."""


class _BoundedProtocol(HttpToolsProtocol):
    bounds: Bounds

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadline: asyncio.TimerHandle | None = None  # while a request comes in
        self._started = 0.0
        self._is_incomplete = False
        self._unparsed = 0  # bytes since a callback of the parser
        self._refusal = 400

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.bounds.connections:
            self._refuse(503)
        else:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        self._received()

    def data_received(self, data: bytes) -> None:
        self._expect_the_rest()
        self._unparsed += len(data)
        super().data_received(data)
        if self._is_incomplete:  # the next request, if several came at once
            self._expect_the_rest()
        # Trailers are headers too. What is not a whole header yet is kept by the parser.
        is_too_long = self._unparsed > self.bounds.head_bytes
        if is_too_long or (self.headers is not None and len(self.headers) > self.bounds.headers):
            self._refuse(431)

    def on_message_begin(self) -> None:
        self._is_incomplete = True
        super().on_message_begin()
        self.scope.setdefault("state", {})["started"] = self._started

    def on_headers_complete(self) -> None:
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > self.bounds.head_bytes or len(self.headers) > self.bounds.headers:
            self._refusal = 431
            raise _RefusedError
        self._unparsed = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unparsed = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._is_incomplete, self._unparsed = False, 0
        self._received()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn passes it
        """Answer what the parser refuses, in the form of all other errors."""
        self._refuse(self._refusal)

    def _expect_the_rest(self) -> None:
        if self._deadline is None and not self.transport.is_closing():
            self._started = time.monotonic()
            self._deadline = self.loop.call_later(self.bounds.seconds, self._refuse, 408)

    def _received(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, status: int) -> None:
        """Answer a request that is not served, and close its connection."""
        if self.transport.is_closing():
            return
        if self.cycle is None or not self.cycle.response_started or self.cycle.response_complete:
            self.transport.write(_answer(status, self.bounds))
        self.transport.close()
        self.loop.call_later(_LINGER_SECONDS, self.transport.abort)


def _answer(status: int, bounds: Bounds) -> bytes:
    code, message = _MESSAGES[status]
    body = json.dumps({"error": {"code": code, "message": message.format(bounds)}}).encode()
    head = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        "content-type: application/json",
        f"content-length: {len(body)}",
        *(["retry-after: 1"] if status == 503 else []),
        "connection: close",
        "\r\n",
    ]
    return "\r\n".join(head).encode() + body
