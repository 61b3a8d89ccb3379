"""Clients that send too much, too slowly or nothing at all are cut off."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from signpost.http.bounded import Bounds, bounded_protocol

HEAD = b"POST / HTTP/1.1\r\nHost: x\r\n"
CHUNKED = HEAD + b"Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a POST with its body, once it is there, and everything else at once."""
    body, more = b"", scope["method"] == "POST"
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body, more = body + message["body"], message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


class Client:
    """A connection."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def read(self) -> bytes:
        return self._socket.recv(65536)

    def rest(self) -> bytes:
        """Read until the server closes the connection."""
        found = b""
        while piece := self._socket.recv(65536):
            found += piece
        return found

    def flood(self, piece: bytes, most: int) -> int:
        """Send a piece again and again until the connection is closed, and return how often."""
        for count in range(most):
            try:
                self.send(piece)
            except OSError:
                return count
        return most

    def read_slowly(self, piece: bytes) -> bytes:
        """Send a piece now and then, and return what is answered until the connection is closed."""
        found = b""
        self._socket.settimeout(0.05)
        while True:
            try:
                if not (answer := self.read()):
                    return found
                found += answer
            except TimeoutError:
                self.send(piece)
            except OSError:
                return found


@contextmanager
def serving(bounds: Bounds, keep_alive_seconds: float = 60) -> Iterator[Callable[[], Client]]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        protocol, idle = bounded_protocol(bounds), keep_alive_seconds
        server = uvicorn.Server(
            uvicorn.Config(echo, http=protocol, ws="none", lifespan="off", log_level="error", timeout_keep_alive=idle)  # type: ignore[arg-type]
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield lambda: Client(listening.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="module")
def connect() -> Iterator[Callable[[], Client]]:
    with serving(Bounds(seconds=20, connections=20)) as connect:
        yield connect


def refusal(answer: bytes) -> tuple[int, str]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"connection: close" in head
    return int(head.split()[1]), json.loads(body)["error"]["code"]


@pytest.mark.parametrize(
    "bomb",
    [
        HEAD + b"X: " + b"x" * 40_000,
        HEAD + b"x" * 40_000,
        b"GET /" + b"x" * 40_000,
        b"x" * 40_000,
        HEAD + b"a:b\r\n" * 101,
        HEAD + b"a:b\r\n" * 101 + b"\r\n",
        HEAD + b"X: " + b"x" * 33_000 + b"\r\n\r\n",
        b"GET /" + b"x" * 33_000 + b" HTTP/1.1\r\n\r\n",
    ],
    ids=[
        "value",
        "name",
        "path",
        "method",
        "many",
        "many, whole",
        "value, whole",
        "path, whole",
    ],
)
def test_a_head_that_is_too_large_is_refused_and_its_connection_closed(connect: Callable[[], Client], bomb: bytes):
    with connect() as client:
        client.send(bomb)
        status, code = refusal(client.rest())

    assert (status, code) in {(431, "head_too_large"), (400, "bad_request")}
    assert status == 431 or bomb.startswith(b"x")  # no method is that long


@pytest.mark.parametrize(
    "bomb",
    [b"0\r\n" + b"a:b\r\n" * 101, b"0\r\nX: " + b"x" * 40_000, b"1;" + b"x" * 40_000],
    ids=["trailers", "trailer", "extension"],
)
def test_what_follows_a_body_is_bounded_too(connect: Callable[[], Client], bomb: bytes):
    with connect() as client:
        client.send(CHUNKED)
        assert client.read().startswith(b"HTTP/1.1 100")
        client.send(bomb)
        assert refusal(client.rest()) == (431, "head_too_large")


def test_a_flood_of_headers_is_stopped_early(connect: Callable[[], Client]):
    with connect() as client:
        client.send(HEAD)
        assert client.flood(b"X-Flood: " + b"x" * 8183, 10_000) < 2_000


def test_what_is_within_the_bounds_is_answered(connect: Callable[[], Client]):
    body = b"x" * 300_000
    with connect() as client:
        # Large bodies, a large head, and two requests that come at once.
        client.send(HEAD + b"Content-Length: 300000\r\n" + b"a:b\r\n" * 90 + b"\r\n")
        client.send(body)
        found = b""
        while len(found) < len(body):
            found += client.read()
        assert found.startswith(b"HTTP/1.1 200")
        client.send(2 * (HEAD + b"X: " + b"x" * 20_000 + b"\r\nContent-Length: 2\r\n\r\nhi"))
        found = b""
        while found.count(b"hi") < 2:
            found += client.read()
        assert found.count(b"HTTP/1.1 200") == 2


@pytest.mark.parametrize(
    "first",
    [
        b"\r\n",
        HEAD + b"X: ",
        HEAD + b"Content-Length: 1000000\r\n\r\n",
        CHUNKED + b"1;",
        b"GET / HTTP/1.1\r\nContent-Length: 1000\r\n\r\n",
    ],
    ids=["empty line", "header", "body", "extension", "body after its answer"],
)
def test_a_request_must_arrive_within_its_deadline_however_slowly_it_comes(first: bytes):
    with serving(Bounds(seconds=0.4, connections=20)) as connect, connect() as client:
        begun = time.monotonic()
        client.send(first)
        answer = client.read_slowly(b"\r" if first == b"\r\n" else b"x")
        assert 0.3 < time.monotonic() - begun < 5
    assert b"HTTP/1.1 408" in answer


def test_a_body_that_never_comes_is_a_408():
    with serving(Bounds(seconds=0.2, connections=20)) as connect, connect() as client:
        client.send(HEAD + b"Content-Length: 10\r\n\r\n")
        assert refusal(client.rest()) == (408, "request_timeout")


def test_the_second_of_two_requests_has_a_deadline_of_its_own():
    with serving(Bounds(seconds=0.2, connections=20)) as connect, connect() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HT")
        first, _, second = client.rest().partition(b"\r\n\r\n")
        assert first.startswith(b"HTTP/1.1 200")
        assert refusal(second) == (408, "request_timeout")


def test_a_connection_without_a_request_is_closed():
    with serving(Bounds(seconds=20, connections=20), keep_alive_seconds=0.2) as connect:
        with connect() as client:
            assert client.rest() == b""
        with connect() as client:
            client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.rest().startswith(b"HTTP/1.1 200")


def test_connections_above_the_bound_are_refused_until_one_is_closed():
    request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    with serving(Bounds(seconds=20, connections=2)) as connect, connect() as first, connect() as second:
        for client in (first, second):
            client.send(request)
            assert client.read().startswith(b"HTTP/1.1 200")
        with connect() as third:
            assert refusal(third.rest()) == (503, "too_many_connections")
        first.close()

        def is_served() -> bool:
            with connect() as client:
                client.send(request)
                return client.read().startswith(b"HTTP/1.1 200")

        begun = time.monotonic()
        while not is_served():
            assert time.monotonic() - begun < 10
