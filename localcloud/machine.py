"""What runs on this machine, and which ports are free."""

import socket
import subprocess
from dataclasses import dataclass

from localcloud.credentials import HOST


@dataclass(frozen=True)
class Process:
    """A process that runs.

    Parameters
    ----------
    pid : int
        Its id.
    group : int
        Id of its process group.
    command : str
        Its command line.
    """

    pid: int
    group: int
    command: str


def processes() -> list[Process]:
    """Return every process that runs; ended ones that nobody collected are none.

    Returns
    -------
    list of Process
        All of the machine that may be seen.
    """
    listing = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,pgid=,stat=,command="],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rows = [line.split(None, 3) for line in listing.splitlines()]
    return [Process(int(row[0]), int(row[1]), row[3]) for row in rows if len(row) == 4 and not row[2].startswith("Z")]


def is_free(port: int) -> bool:
    """Tell whether a port can be listened on.

    Parameters
    ----------
    port : int
        The port, on 127.0.0.1.

    Returns
    -------
    bool
        Whether nobody has it.
    """
    with socket.socket() as probe:
        # As a server does, so that connections which are only closing do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def any_free_port() -> int:
    """Return a port that nobody has.

    Returns
    -------
    int
        The port, on 127.0.0.1; another program may take it before you do.
    """
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]
