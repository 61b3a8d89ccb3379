"""The file that says which local cloud runs with a state folder."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from localcloud.machine import processes


@dataclass(frozen=True)
class Running:
    """A local cloud that was started.

    Parameters
    ----------
    pid : int
        Process id, which is also the id of the process group of all its children.
    port : int
        The port that it listens on, on 127.0.0.1.
    started : float
        When, in seconds since 1970.
    notice : str
        What its user should know of the start: that the last run was killed. Empty if there is nothing.
    """

    pid: int
    port: int
    started: float
    notice: str = ""


def state_file(state_dir: Path) -> Path:
    """Return the file that says which process runs.

    Parameters
    ----------
    state_dir : Path
        The state folder.

    Returns
    -------
    Path
        The file.
    """
    return state_dir / "localcloud.json"


def log_file(state_dir: Path) -> Path:
    """Return the log of the local cloud.

    Parameters
    ----------
    state_dir : Path
        The state folder.

    Returns
    -------
    Path
        The file.
    """
    return state_dir / "localcloud.log"


def write(state_dir: Path, running: Running) -> None:
    """Note which local cloud runs with a state folder.

    Parameters
    ----------
    state_dir : Path
        The state folder.
    running : Running
        The process.
    """
    # Nobody may read half of it.
    draft = state_file(state_dir).with_suffix(".new")
    draft.write_text(json.dumps(asdict(running)))
    draft.replace(state_file(state_dir))


def read(state_dir: Path) -> Running | None:
    """Return the local cloud that was last started with a state folder.

    Parameters
    ----------
    state_dir : Path
        The state folder.

    Returns
    -------
    Running or None
        It may have ended since; None if there never was one.
    """
    try:
        return Running(**json.loads(state_file(state_dir).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def is_local_cloud(pid: int, state_dir: Path) -> bool:
    """Tell whether a process is still the one that was started: its id may be another's by now.

    Parameters
    ----------
    pid : int
        Process id.
    state_dir : Path
        The state folder that it was started with.

    Returns
    -------
    bool
        Whether it is.
    """
    marks = ("localcloud", str(state_dir.resolve()))
    # One that is about to end has no command line any more, and still holds its lock.
    return any(
        row.pid == pid and (not row.command or all(mark in row.command for mark in marks)) for row in processes()
    )
