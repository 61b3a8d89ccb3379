"""What the measured functions ask of AWS, answered at once from this process, so that its share is small and steady."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from signpost.routing.contracts import Answer


@contextmanager
def answering(picture: bytes, answer: Answer) -> Iterator[str]:
    """Serve one picture as every object of S3, and one answer as that of every endpoint.

    Parameters
    ----------
    picture : bytes
        The object.
    answer : Answer
        The endpoint's answer.

    Yields
    ------
    str
        For ``AWS_ENDPOINT_URL``.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(picture)

        do_HEAD = do_GET  # noqa: N815 - http.server names it so

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._send(answer.model_dump_json().encode())

        def _send(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", '"etag"')
            self.send_header("x-amz-version-id", "version")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
