"""Start, stop and look at a local cloud that runs in the background."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from localcloud.credentials import endpoint_url, without_aws
from localcloud.machine import processes, take_port
from localcloud.running import Running, is_local_cloud, log_file, read
from signpost.errors import DeploymentError

DEFAULT_PORT = 4566
CHECKOUT = Path(__file__).parents[1]
DEFAULT_STATE_DIR = CHECKOUT / ".signpost"
START_SECONDS = 60.0
# More than model servers, captured data and the state take together.
STOP_SECONDS = 60.0
POLL_SECONDS = 0.05

# No proxy reaches this machine's own servers.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))

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
        return _await_health(state_dir, running.pid)
    _end_leftovers(state_dir)
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The process gets the socket itself, so what answers on its port is this process and no other cloud.
    with _take_a_port(port, read(state_dir)) as listening, log_file(state_dir).open("ab") as log:
        handed_over = listening.fileno()
        command = [sys.executable, "-m", "localcloud", "--socket", str(handed_over)]
        process = subprocess.Popen(
            [*command, "--state-dir", str(state_dir.resolve())],
            pass_fds=[handed_over],
            cwd=CHECKOUT,
            env=without_aws(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _children[process.pid] = process
    try:
        return _await_health(state_dir, process.pid)
    except LocalCloudError:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        _children.pop(process.pid).wait()
        raise


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
        If it has not ended after a minute. It is not killed: it may be writing captured data.
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
        with _DIRECT.open(f"{endpoint_url(port)}/_ministack/health", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def _take_a_port(asked: int | None, last: Running | None) -> socket.socket:
    for port in [asked] if asked else [last.port if last else DEFAULT_PORT, DEFAULT_PORT, 0]:
        with contextlib.suppress(OSError):
            return take_port(port)
    raise LocalCloudError(f"Port {asked} is taken by another program.")


def _await_health(state_dir: Path, pid: int) -> Running:
    """Wait until the process has noted itself in its state folder and answers."""
    deadline = time.monotonic() + START_SECONDS
    child = _children.get(pid)
    while not ((running := status(state_dir)) and running.pid == pid and is_healthy(running.port)):
        if (child and child.poll() is not None) or time.monotonic() > deadline:
            raise LocalCloudError(f"The local cloud did not start. Its log says why: {log_file(state_dir)}")
        time.sleep(POLL_SECONDS)
    # It notes what it has recovered just before it answers.
    return read(state_dir) or running


def _await_end(pid: int, state_dir: Path) -> None:
    deadline = time.monotonic() + STOP_SECONDS
    while is_local_cloud(pid, state_dir):
        if time.monotonic() > deadline:
            raise LocalCloudError(
                f"The local cloud (process {pid}) has not stopped in {STOP_SECONDS:.0f} s; its log may say why: "
                f"{log_file(state_dir)}. `kill -9 {pid}` ends it; everything that it has confirmed is kept."
            )
        time.sleep(POLL_SECONDS)


def _end_leftovers(state_dir: Path) -> None:
    """Kill what a killed or stuck cloud left: members of its groups that run this Python or its state's."""
    running = read(state_dir)
    if not running:
        return
    ours = (sys.prefix, str(state_dir.resolve()))
    groups = {running.pid, *_training_groups(state_dir)}
    for row in processes():
        if row.group in groups and any(mark in row.command for mark in ours):
            with contextlib.suppress(ProcessLookupError):
                os.kill(row.pid, signal.SIGKILL)
    if child := _children.pop(running.pid, None):
        child.wait()


def _training_groups(state_dir: Path) -> set[int]:
    """Process groups of the training hosts that were never ended: each has one of its own."""
    found: set[int] = set()
    for file in (state_dir / "training").glob("*/*/*.pid"):
        with contextlib.suppress(OSError, ValueError):
            found.add(int(file.read_text()))
    return found
