"""Start, stop and look at a local cloud that runs in the background."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import asdict
from pathlib import Path

from localcloud.credentials import endpoint_url, without_aws
from localcloud.machine import any_free_port, is_free, processes
from localcloud.running import Running, is_local_cloud, log_file, read, state_file
from signpost.errors import DeploymentError

DEFAULT_PORT = 4566
CHECKOUT = Path(__file__).parents[1]
DEFAULT_STATE_DIR = CHECKOUT / ".signpost"
START_SECONDS = 60.0
STOP_SECONDS = 30.0
POLL_SECONDS = 0.05

# Started by this very process, which has to collect them when they end.
_children: dict[int, subprocess.Popen[bytes]] = {}


class LocalCloudError(DeploymentError):
    """The local cloud did not start or stop."""


def start(state_dir: Path = DEFAULT_STATE_DIR, port: int | None = None) -> Running:
    """Start the local cloud in the background, if it does not run yet, and wait until it is healthy.

    Parameters
    ----------
    state_dir : Path
        Where it keeps everything that it writes.
    port : int, optional
        The port to listen on. Without it: the one of the last start, else 4566, else any free one.

    Returns
    -------
    Running
        The process.

    Raises
    ------
    LocalCloudError
        If the asked port is taken, or the cloud does not become healthy.
    """
    running = status(state_dir)
    if running:
        if port not in (None, running.port):
            raise LocalCloudError(f"The local cloud runs already, on port {running.port}. Stop it first.")
        return running
    _end_leftovers(state_dir)
    chosen = _choose_port(port, read(state_dir))
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with log_file(state_dir).open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "localcloud", "--port", str(chosen), "--state-dir", str(state_dir.resolve())],
            cwd=CHECKOUT,
            env=without_aws(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _children[process.pid] = process
    running = Running(process.pid, chosen, time.time())
    state_file(state_dir).write_text(json.dumps(asdict(running)))
    deadline = time.monotonic() + START_SECONDS
    while not is_healthy(chosen):
        if process.poll() is not None or time.monotonic() > deadline:
            stop(state_dir)
            raise LocalCloudError(f"The local cloud did not start. Its log says why: {log_file(state_dir)}")
        time.sleep(POLL_SECONDS)
    return running


def status(state_dir: Path = DEFAULT_STATE_DIR) -> Running | None:
    """Return the local cloud that runs with a state folder.

    Parameters
    ----------
    state_dir : Path
        The state folder.

    Returns
    -------
    Running or None
        The process; None if there is none, or only the file of one that died.
    """
    running = read(state_dir)
    return running if running and is_local_cloud(running.pid, state_dir) else None


def stop(state_dir: Path = DEFAULT_STATE_DIR) -> bool:
    """Stop the local cloud and every process that it started; its state is kept.

    Parameters
    ----------
    state_dir : Path
        The state folder.

    Returns
    -------
    bool
        Whether one was running.

    Raises
    ------
    LocalCloudError
        If something is still running at the end.
    """
    running = status(state_dir)
    if running:
        os.kill(running.pid, signal.SIGTERM)
        _await_end(running.pid, state_dir)
    _end_leftovers(state_dir)
    return running is not None


def is_healthy(port: int) -> bool:
    """Ask whether a local cloud answers.

    Parameters
    ----------
    port : int
        Its port.

    Returns
    -------
    bool
        Whether it does.
    """
    try:
        with urllib.request.urlopen(f"{endpoint_url(port)}/_ministack/health", timeout=2) as answer:  # noqa: S310
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def wait_until_healthy(port: int) -> None:
    """Wait until a local cloud answers.

    Parameters
    ----------
    port : int
        Its port.

    Raises
    ------
    LocalCloudError
        If it does not in `START_SECONDS`.
    """
    deadline = time.monotonic() + START_SECONDS
    while not is_healthy(port):
        if time.monotonic() > deadline:
            raise LocalCloudError(f"Nothing answers on port {port}.")
        time.sleep(POLL_SECONDS)


def _choose_port(asked: int | None, last: Running | None) -> int:
    for port in [asked] if asked else [last.port if last else DEFAULT_PORT, DEFAULT_PORT]:
        if is_free(port):
            return port
    if asked:
        raise LocalCloudError(f"Port {asked} is taken by another program.")
    return any_free_port()


def _await_end(pid: int, state_dir: Path) -> None:
    deadline = time.monotonic() + STOP_SECONDS
    while is_local_cloud(pid, state_dir) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


def _end_leftovers(state_dir: Path) -> None:
    """Kill what a killed or stuck cloud left: members of its process group that run this Python or its state's."""
    running = read(state_dir)
    if not running:
        return
    ours = (sys.prefix, str(state_dir.resolve()))
    for row in processes():
        if row.group == running.pid and any(mark in row.command for mark in ours):
            with contextlib.suppress(ProcessLookupError):
                os.kill(row.pid, signal.SIGKILL)
    if child := _children.pop(running.pid, None):
        child.wait()
