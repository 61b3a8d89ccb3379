"""The model server as it runs: a process with a port, an environment and signals."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Server:
    """A running server and the lines that it has logged so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[dict] = []
        self._logged = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        listening = self.await_lines(r"running on http://127\.0\.0\.1:\d+")[0]["message"]
        self.port = int(re.findall(r":(\d+)", listening)[0])

    def _read(self) -> None:
        for line in self.process.stderr or ():
            if line.startswith("{"):  # LiteRT greets in plain text
                with self._logged:
                    self.lines.append(json.loads(line))
                    self._logged.notify_all()

    def await_lines(self, pattern: str, count: int = 1) -> list[dict]:
        """Wait for so many lines with such a message, and return them."""

        def found() -> list[dict]:
            return [line for line in self.lines if re.search(pattern, line["message"])]

        with self._logged:
            assert self._logged.wait_for(lambda: len(found()) >= count, timeout=30), self.lines
            return found()

    def workers(self, count: int) -> list[int]:
        """Wait until so many workers have been ready, and return the ids of their processes."""
        return [line["pid"] for line in self.await_lines("^worker ready$", count)]

    def request(self, method: str, path: str, body: bytes | None = None, headers: dict | None = None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def stop(self) -> int:
        """Send SIGTERM and return the exit code; the whole log is in `lines` then."""
        self.process.send_signal(signal.SIGTERM)
        self._reader.join(timeout=30)
        return self.process.wait(timeout=30)


@contextmanager
def running(model_dir: Path, *arguments: str, **environment: str) -> Iterator[Server]:
    process = start(model_dir, *arguments, **environment)
    try:
        yield Server(process)
    finally:
        process.kill()
        process.communicate()


def start(model_dir: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    settings = {"SIGNPOST_HOST": "127.0.0.1", "SIGNPOST_PORT": "0", "SIGNPOST_MODEL_DIR": str(model_dir)}
    return subprocess.Popen(
        [sys.executable, "-m", "serving", *arguments],
        env=os.environ | settings | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def gauge(server: Server, name: str) -> float:
    page = server.request("GET", "/metrics")[1].decode()
    return float(re.findall(rf"^{name} (\S+)$", page, re.MULTILINE)[0])
