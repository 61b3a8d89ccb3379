"""Requests that the local cloud sends to itself: they reach its application without a socket.

Step Functions and EventBridge call other services as roles, with botocore: serialized, signed and checked like every
request. Only the HTTP connection in between is left out, which takes half of such a call's time.
"""

import asyncio
import contextvars
import io
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError

_serving: dict[str, Any] = {}
_serves = threading.Event()


class _Body(io.BytesIO):
    """The body of an answer, as botocore reads it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        """Yield all of it."""
        yield self.read()


def serve(application: Any, loop: asyncio.AbstractEventLoop) -> None:
    """Begin to answer requests; those of before wait for it.

    Parameters
    ----------
    application : callable
        The ASGI application that clients outside reach too.
    loop : AbstractEventLoop
        That it runs on.
    """
    _serving.update(application=application, loop=loop)
    _serves.set()


def stay_inside(client: Any) -> None:
    """Let a client reach the local cloud's application directly.

    Parameters
    ----------
    client : botocore client
        For use in threads other than the server's.
    """
    client.meta.events.register("before-send", _send)


def _send(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
    _serves.wait()
    # A context of its own, as a connection has: the request that the caller answers is another one.
    answer = contextvars.Context().run(asyncio.run_coroutine_threadsafe, _answer(request), _serving["loop"])
    try:
        return answer.result()
    except Exception as error:  # the server would close the connection
        raise ConnectionClosedError(endpoint_url=request.url) from error


async def _answer(request: AWSPreparedRequest) -> AWSResponse:
    body = request.body or b""
    if not isinstance(body, (bytes, bytearray)):
        body = body.encode() if isinstance(body, str) else body.read()
    url = urlsplit(request.url)
    headers = [(_bytes(name).lower(), _bytes(value)) for name, value in request.headers.items()]
    received = [{"type": "http.request", "body": bytes(body), "more_body": False}]
    start: dict[str, Any] = {}
    answer = _Body()

    async def receive() -> dict[str, Any]:
        return received.pop() if received else await asyncio.Future()

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            answer.write(message.get("body", b""))

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme,
        "path": unquote(url.path),
        "raw_path": url.path.encode("ascii"),
        "query_string": url.query.encode("ascii"),
        "headers": [*headers, (b"host", url.netloc.encode())] if b"host" not in dict(headers) else headers,
        "client": ("127.0.0.1", 0),
        "server": (url.hostname, url.port),
    }
    await _serving["application"](scope, receive, send)
    answer.seek(0)
    found = {name.decode("latin-1"): value.decode("latin-1") for name, value in start["headers"]}
    return AWSResponse(request.url, start["status"], found, answer)


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("utf-8")
