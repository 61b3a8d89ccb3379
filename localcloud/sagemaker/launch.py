"""Launch a model server, ask it for its health, end it."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import urllib3

from localcloud.credentials import HOST

# As SageMaker: a ping has two seconds to answer, an invocation sixty.
PING_SECONDS = 2.0
INVOCATION_SECONDS = 60.0
# A little more than the server takes to finish what it is at.
STOP_SECONDS = 10.0
# A container sees its own environment, never the credentials or settings of this process.
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")

# What uvicorn logs once it listens.
_LISTENING = re.compile(rf"running on http://{HOST}:(\d+)".encode())

Connection = urllib3.HTTPConnectionPool


def launch(model_dir: Path, environment: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start `python -m serving` on a free port of 127.0.0.1.

    Parameters
    ----------
    model_dir : Path
        The unpacked model package.
    environment : mapping of str to str
        The container's environment, from the model.
    log : Path
        The file that its output is added to.

    Returns
    -------
    subprocess.Popen
        The process, which may not answer yet.
    """
    settings = {"SIGNPOST_HOST": HOST, "SIGNPOST_PORT": "0", "SIGNPOST_MODEL_DIR": str(model_dir)}
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "serving"],
            env={**inherited, **environment, **settings},
            cwd=Path(__file__).parents[2],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def listening_port(log: Path, start: int) -> int | None:
    """Find out which port a server took.

    Parameters
    ----------
    log : Path
        Its log.
    start : int
        Where in the log, in bytes, its own lines begin.

    Returns
    -------
    int or None
        The port; None as long as it listens on none.
    """
    with log.open("rb") as lines:
        lines.seek(start)
        found = _LISTENING.search(lines.read())
    return int(found[1]) if found else None


def pings(connection: Connection) -> bool:
    """Ask a server whether it is healthy.

    Parameters
    ----------
    connection : Connection
        To the server.

    Returns
    -------
    bool
        Whether it answers `/ping` with 200 in time.
    """
    try:
        return connection.request("GET", "/ping", timeout=PING_SECONDS, retries=False).status == 200
    except urllib3.exceptions.HTTPError:
        return False


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process and collect it.

    Parameters
    ----------
    process : subprocess.Popen
        The process, which may have ended already.
    """
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
