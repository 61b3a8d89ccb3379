"""Runs one server at a time."""

from __future__ import annotations

import ctypes
import http.client
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from serving.benchmark.install import BenchmarkError
from serving.benchmark.servers import BUILD, Server
from serving.benchmark.usage import cpu_seconds, processes

_START_SECONDS, _STOP_SECONDS, _SETTLE_SECONDS, _QUIET_CORES = 120, 20, 30, 0.3
_SUBREAPER = 36  # linux/prctl.h


@dataclass(frozen=True)
class Running:
    """A server that answers.

    Attributes
    ----------
    port : int
    startup_s : float
        From its start to its first answer.
    """

    port: int
    startup_s: float


@contextmanager
def running(server: Server, picture: bytes) -> Iterator[Running]:
    """Start a server and end all of its processes afterwards.

    Parameters
    ----------
    server : Server
    picture : bytes
        Sent until it is answered.

    Raises
    ------
    BenchmarkError
        If it never answers.
    """
    # Processes that a server leaves to nobody become ours, so that none is missed or left over.
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    log = BUILD / f"logs/{server.name}-{server.kind}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    scratch = BUILD / "scratch"  # some write into the folder that they are started in
    scratch.mkdir(exist_ok=True)
    port = _free_port()
    with log.open("w") as output:
        started = time.monotonic()
        process = subprocess.Popen(
            server.command(port), cwd=scratch, env=server.environment(port), stdout=output, stderr=subprocess.STDOUT
        )
        try:
            _await_answer(process, port, picture, log)
            startup = time.monotonic() - started
            _settle()
            yield Running(port, startup)
        finally:
            _stop(process)


def post(port: int, picture: bytes, timeout: float = 30) -> tuple[int, bytes]:
    """Ask for one prediction over a connection of its own, and return status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("POST", "/invocations", picture, {"Content-Type": "image/jpeg"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def _free_port() -> int:
    """Find a free port with two more behind it."""
    while True:
        with socket.socket() as probe, socket.socket() as second, socket.socket() as third:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
            with suppress(OSError, OverflowError):
                second.bind(("127.0.0.1", port + 1))
                third.bind(("127.0.0.1", port + 2))
                return port


def _await_answer(process: subprocess.Popen[bytes], port: int, picture: bytes, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with suppress(OSError, http.client.HTTPException):
            if post(port, picture)[0] == 200:
                return
        time.sleep(0.01)
    raise BenchmarkError(f"no answer; its log ends with: {' '.join(log.read_text().split())[-300:]}")


def _settle() -> None:
    """Wait until the other workers have loaded too: until the processes rest."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    quiet, before = 0, cpu_seconds()
    while quiet < 2 and time.monotonic() < deadline:
        time.sleep(0.5)
        now = cpu_seconds()
        quiet = quiet + 1 if now - before < 0.5 * _QUIET_CORES else 0
        before = now


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_SECONDS)
    left = processes()
    for other in left:
        with suppress(psutil.NoSuchProcess):
            other.kill()
    psutil.wait_procs(left, timeout=_STOP_SECONDS)
    process.wait(_STOP_SECONDS)
