"""The server as it runs: a process with a port, an environment and signals."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sample_pictures import encode, gradient, predict

from serving.settings import read_settings
from signpost.contracts import Answer
from signpost.errors import SettingsError
from signpost.package import pack

PNG = {"Content-Type": "image/png"}


class Server:
    """A running server and the lines that it has logged so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[dict] = []
        self.port = self._await_port()

    def _await_port(self) -> int:
        for line in self.process.stderr or ():
            if line.startswith("{"):  # LiteRT greets in plain text
                self.lines.append(json.loads(line))
                if found := re.search(r"running on http://127\.0\.0\.1:(\d+)", self.lines[-1]["message"]):
                    return int(found[1])
        raise AssertionError(f"the server never listened: {self.lines}")

    def request(self, method: str, path: str, body: bytes | None = None, headers: dict | None = None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def stop(self) -> int:
        """Send SIGTERM and return the exit code; the rest of the log is in `lines`."""
        self.process.send_signal(signal.SIGTERM)
        _, rest = self.process.communicate(timeout=30)
        self.lines += [json.loads(line) for line in rest.splitlines() if line.startswith("{")]
        return self.process.returncode


@contextmanager
def running(model_dir: Path, *arguments: str) -> Iterator[Server]:
    process = start(model_dir, *arguments)
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


def test_its_life_as_sagemaker_runs_it(vehicle_package, predictor):
    picture = encode(gradient(), "PNG")
    with running(vehicle_package, "serve") as server:
        assert server.request("GET", "/ping")[0] == 200
        status, body = server.request("POST", "/invocations", picture, PNG)
        assert status == 200
        assert Answer.model_validate_json(body).predictions == [predict(predictor, picture)]
        assert server.request("POST", "/invocations", b"nonsense", PNG)[0] == 400
        assert server.stop() == 0
    requests = [line for line in server.lines if line["message"] == "request"]
    assert [(line["path"], line["status"]) for line in requests] == [
        ("/ping", 200),
        ("/invocations", 200),
        ("/invocations", 400),
    ]


def test_an_archive_in_the_model_folder(vehicle_package, tmp_path):
    pack(vehicle_package, tmp_path / "model.tar.gz")
    with running(tmp_path) as server:
        assert server.request("GET", "/ping")[0] == 200


def test_many_callers_at_once_get_their_own_answers(vehicle_package, predictor):
    pictures = [encode(gradient(64 + number, 64).rotate(number * 11), "PNG") for number in range(16)]
    expected = [predict(predictor, picture) for picture in pictures]
    assert len({prediction.confidence for prediction in expected}) > 8

    def ask(number: int) -> bool:
        status, body = server.request("POST", "/invocations", pictures[number % 16], PNG)
        return status == 200 and Answer.model_validate_json(body).predictions == [expected[number % 16]]

    with running(vehicle_package) as server, ThreadPoolExecutor(12) as pool:
        assert all(pool.map(ask, range(192)))


def test_a_body_that_is_too_large_still_gets_its_answer(vehicle_package):
    with running(vehicle_package) as server:
        status, body = server.request("POST", "/invocations", bytes(90_000_000), PNG)
        assert (status, json.loads(body)["error"]["code"]) == (413, "too_large")


def test_a_caller_that_goes_away_harms_nobody(vehicle_package):
    with running(vehicle_package) as server:
        head = b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: 1000\r\n\r\n"
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(head + b"\x89PNG")
        assert server.request("GET", "/ping")[0] == 200
        assert server.stop() == 0
    assert not [line for line in server.lines if line["level"] in {"ERROR", "WARNING"}]


def test_a_request_under_way_is_finished_before_the_end(vehicle_package):
    picture = encode(gradient(), "PNG")
    head = f"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: {len(picture)}\r\n\r\n"
    with (
        running(vehicle_package) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection,
    ):
        # GIVEN a request of which the server has the first half
        connection.sendall(head.encode() + picture[:50])
        assert server.request("GET", "/ping")[0] == 200
        # WHEN it is told to stop, and no longer takes new connections
        server.process.send_signal(signal.SIGTERM)
        while listens(server.port):
            time.sleep(0.01)
        # THEN the rest is still read and answered
        connection.sendall(picture[50:])
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")
        assert server.process.wait(timeout=30) == 0


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "says"),
    [
        ((), {"SIGNPOST_MODEL_DIR": "/nowhere"}, 1, "no model package in /nowhere: expected manifest.json"),
        ((), {"SIGNPOST_PORT": "eighty"}, 2, "SIGNPOST_PORT='eighty'"),
        (("train",), {}, 2, "invalid choice: 'train'"),
    ],
)
def test_a_start_that_fails_says_why(vehicle_package, arguments, environment, code, says):
    process = start(vehicle_package, *arguments, **environment)
    _, log = process.communicate(timeout=60)
    assert process.returncode == code
    assert says in log


def test_settings_and_their_defaults():
    default = read_settings({"PATH": "/bin", "SIGNPOST_STAGE": "local"})
    assert (default.host, default.port, default.model_dir) == ("0.0.0.0", 8080, Path("/opt/ml/model"))  # noqa: S104
    given = read_settings({"SIGNPOST_HOST": "127.0.0.1", "SIGNPOST_PORT": "9000", "SIGNPOST_MODEL_DIR": "/m"})
    assert (given.host, given.port, given.model_dir) == ("127.0.0.1", 9000, Path("/m"))
    with pytest.raises(SettingsError, match=r"SIGNPOST_PORT='70000': .*65535"):
        read_settings({"SIGNPOST_PORT": "70000"})
