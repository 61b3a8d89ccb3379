"""Says what a figure was measured on, and measures a command."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from signpost.errors import TrainingError
from training.machine import processor, versions


@dataclass(frozen=True)
class Measured:
    """What a command took.

    Attributes
    ----------
    seconds : float
        Wall time.
    peak_mb : float
        Largest resident memory of any one of its processes, in MiB.
    """

    seconds: float
    peak_mb: float


def run_measured(command: list[str]) -> Measured:
    """Run a command and measure it.

    Parameters
    ----------
    command : list of str

    Returns
    -------
    Measured

    Raises
    ------
    TrainingError
        If it fails.
    """
    started = time.monotonic()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise TrainingError(f"{' '.join(command)} ended with exit code {process.returncode}")
    return Measured(time.monotonic() - started, usage.ru_maxrss / 1024)


def machine() -> dict[str, Any]:
    """Describe this machine and the libraries.

    Returns
    -------
    dict
        ``processor``, ``cores``, ``python``, ``libraries`` and ``date``.
    """
    libraries = versions()
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "python": libraries.pop("python"),
        "libraries": ", ".join(f"{library} {version}" for library, version in libraries.items()),
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
    }
