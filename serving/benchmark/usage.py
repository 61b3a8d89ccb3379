"""Reads what all processes of the server that runs take."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Memory:
    """Resident memory of all processes, in MiB.

    Attributes
    ----------
    pss : float
        Each shared page counted once over those that share it: what the server really takes.
    rss : float
        Each shared page counted in every process.
    """

    pss: float
    rss: float


def cpu_seconds() -> float:
    """Say how much processor time the server's processes have taken so far."""
    total = 0.0
    for process in processes():
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def machine_seconds() -> float:
    """Say how much processor time everything on the machine has taken so far, and what it was denied by its host."""
    times = psutil.cpu_times()
    return sum(times) - times.idle - times.iowait - times.guest - times.guest_nice  # user and nice hold the guests'


def memory() -> Memory:
    """Measure the resident memory of the server's processes."""
    totals = {"Pss": 0, "Rss": 0}
    for process in processes():
        with suppress(OSError):  # it has just ended
            for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines():
                name, _, value = line.partition(":")
                if name in totals:
                    totals[name] += int(value.split()[0])
    return Memory(totals["Pss"] / 1024, totals["Rss"] / 1024)


def processes() -> list[psutil.Process]:
    """List the processes that came from this one."""
    return psutil.Process().children(recursive=True)
