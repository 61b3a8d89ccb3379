"""A tiny server with SageMaker's container contract that behaves as the model's environment says.

`python -m serving` finds it in place of the real one when a model's environment names its folder as `PYTHONPATH` and
sets `PYTHONSAFEPATH`. `BEHAVIOUR` is one of `answers`, `does-not-start`, `crashes`, `fails`, `is-slow`.
"""

import json
import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BEHAVIOUR = os.environ["BEHAVIOUR"]
SLOW_SECONDS = 1.1
# The same for every picture, so it is wrong for every bicycle.
ANSWER = {
    "predictions": [
        {
            "label": "motorcycle",
            "confidence": 0.9,
            "probabilities": {"bicycle": 0.1, "motorcycle": 0.9},
            "threshold": 0.5,
            "energy": -9.0,
            "energy_threshold": None,
        }
    ],
    "model": {"name": "vehicle", "version": "stand-in"},
    "timings_ms": {},
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.answer(200, {})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if BEHAVIOUR == "crashes":
            os._exit(1)
        if BEHAVIOUR == "is-slow":
            time.sleep(SLOW_SECONDS)
        if BEHAVIOUR == "fails":
            self.answer(500, {"error": "the stand-in fails"})
        else:
            self.answer(200, ANSWER)

    def answer(self, status: int, document: dict) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    if BEHAVIOUR == "does-not-start":
        sys.exit("the stand-in does not start")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # what is under way is cut off
    sys.stderr.write(f"Uvicorn running on http://127.0.0.1:{server.server_port}\n")
    sys.stderr.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
