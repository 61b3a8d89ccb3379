"""The server under load, and while its workers are killed."""

import http.client
import itertools
import os
import random
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from signpost.routing.contracts import Answer
from tests.unit.running_server import Server, running
from tests.unit.sample_pictures import encode, gradient, predict

JPEG = {"Content-Type": "image/jpeg"}


class Callers:
    """Callers that keep their connections and check every answer.

    Each answer is counted as ``right``, ``wrong``, its status, or ``unanswered``.
    """

    def __init__(self, server: Server, pictures: dict[bytes, list]) -> None:
        self.outcomes: Counter[str] = Counter()
        self._port = server.port
        self._pictures = list(pictures.items())
        self._stop = threading.Event()
        self._left = itertools.count()

    def call(self, most: int | None = None) -> None:
        """Call until `stop`, or until so many requests were made by all callers together."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        while not self._stop.is_set() and (most is None or next(self._left) < most):
            picture, expected = random.choice(self._pictures)  # noqa: S311
            try:
                connection.request("POST", "/invocations", picture, JPEG)
                response = connection.getresponse()
                body = response.read()
            except OSError:
                self.outcomes["unanswered"] += 1
                connection.close()
                continue
            if response.status == 200:
                self.outcomes["right" if Answer.model_validate_json(body).predictions == expected else "wrong"] += 1
            else:
                self.outcomes[str(response.status)] += 1
        connection.close()

    def stop(self) -> None:
        self._stop.set()


@pytest.fixture(scope="module")
def pictures(predictor) -> dict[bytes, list]:
    """Pictures, and what they are."""
    files = [encode(gradient(40 + 9 * number, 64).rotate(40 * number), "JPEG") for number in range(8)]
    return {file: [predict(predictor, file)] for file in files}


@pytest.mark.parametrize(
    ("seconds", "pause"), [(8, 0.5), pytest.param(300, 20, marks=[pytest.mark.slow, pytest.mark.timeout(400)])]
)
def test_workers_that_are_killed_leave_nothing_unanswered(vehicle_package: Path, pictures, seconds, pause):
    with running(vehicle_package, SIGNPOST_WORKERS="2") as server, ThreadPoolExecutor(8) as pool:
        callers = Callers(server, pictures)
        calling = [pool.submit(callers.call) for _ in range(8)]
        killed, end = 0, time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(pause)
            os.kill(server.workers(killed + 2)[-1], signal.SIGKILL)
            killed += 1
        callers.stop()
        for caller in calling:
            caller.result()
        assert killed >= seconds / pause / 2
        assert set(callers.outcomes) == {"right"}
        assert callers.outcomes["right"] > 20 * seconds


@pytest.mark.slow
def test_memory_stays_flat(vehicle_package: Path, pictures):
    with running(vehicle_package, SIGNPOST_WORKERS="2") as server, ThreadPoolExecutor(8) as pool:
        processes = [server.process.pid, *server.workers(2)]

        def serve(requests: int) -> list[int]:
            callers = Callers(server, pictures)
            for caller in [pool.submit(callers.call, requests) for _ in range(8)]:
                caller.result()
            assert callers.outcomes == {"right": requests}
            return [_resident_kb(process) for process in processes]

        before = serve(2000)
        after = serve(20_000)
        for was, now in zip(before, after, strict=True):
            assert now < was + 3000  # kB


def _resident_kb(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])
