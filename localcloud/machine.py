"""What runs on this machine, and which ports are free."""

import contextlib
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from localcloud.credentials import HOST

_PROC = Path("/proc")


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
    # Slim images have no `ps`, macOS has no /proc.
    return from_proc(_PROC) if (_PROC / "self" / "stat").exists() else from_ps()


def from_proc(root: Path) -> list[Process]:
    """Read the processes from Linux's process file system.

    Parameters
    ----------
    root : Path
        Where it is mounted.

    Returns
    -------
    list of Process
        What runs.
    """
    found = []
    for folder in root.glob("[0-9]*"):
        # One that ends meanwhile is passed over.
        with contextlib.suppress(OSError):
            # The name, in brackets, may hold spaces and brackets itself.
            state, _, group = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()[:3]
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            if state not in "ZX":
                found.append(Process(int(folder.name), int(group), command))
    return found


def from_ps() -> list[Process]:
    """Ask `ps` for the processes.

    Returns
    -------
    list of Process
        What runs.
    """
    listing = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,pgid=,stat=,command="],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rows = [line.split(None, 3) for line in listing.splitlines()]
    return [Process(int(row[0]), int(row[1]), row[3]) for row in rows if len(row) == 4 and not row[2].startswith("Z")]


def take_port(port: int) -> socket.socket:
    """Take a port, so that nobody else can.

    Parameters
    ----------
    port : int
        The port, on 127.0.0.1; 0 takes any free one.

    Returns
    -------
    socket.socket
        Listening on it already: two programs can bind a port on which neither listens.

    Raises
    ------
    OSError
        If another program has it.
    """
    taken = socket.socket()
    # As a server does, so that connections which are only closing do not count.
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((HOST, port))
        taken.listen()
    except OSError:
        taken.close()
        raise
    return taken
