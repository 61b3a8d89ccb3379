"""Watches what processes take from the machine while they run."""

from __future__ import annotations

import csv
import resource
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import psutil

from training.compare.result import Usage

INTERVAL_SECONDS = 1.0
# Linux, macOS.
_LOOPBACKS = ("lo", "lo0")


@dataclass(frozen=True)
class Sample:
    """One process at one moment.

    Attributes
    ----------
    seconds : float
        Since the run was started.
    process : str
    cpu_seconds : float
        That the process and those it started have used so far.
    resident_bytes : int
        Of the process and those it started.
    loopback_bytes : int
        Sent through the loopback interface since the run was started, by all programs of the machine.
    """

    seconds: float
    process: str
    cpu_seconds: float
    resident_bytes: int
    loopback_bytes: int


class Sampler:
    """As a context: measures the run that is started inside it.

    Parameters
    ----------
    path : Path
        CSV file that gets the samples as they come.
    interval : float
        Seconds between two samples.
    """

    def __init__(self, path: Path, interval: float = INTERVAL_SECONDS) -> None:
        self._path, self._interval = path, interval
        self._processes: list[tuple[str, psutil.Process]] = []
        self._resident: dict[float, int] = defaultdict(int)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample_all, name="sampler", daemon=True)

    def __enter__(self) -> Sampler:
        """Start the clock."""
        self._started, self._cpu, self._others, self._sent = time.monotonic(), _run_cpu(), _machine_cpu(), _loopback()
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        """Stop the clock."""
        wall, sent = time.monotonic() - self._started, _loopback() - self._sent
        self._ended.set()
        self._thread.join()
        run = _run_cpu() - self._cpu
        machine = _machine_cpu() - self._others
        self.usage = Usage(
            wall_seconds=round(wall, 2),
            cpu_seconds=round(run, 2),
            others_cpu_seconds=round(max(0.0, machine - run), 2),
            peak_resident_bytes=max(self._resident.values(), default=0),
            loopback_bytes=sent,
        )

    def watch(self, processes: Mapping[str, int]) -> None:
        """Measure processes, and those that they start, from now on.

        Parameters
        ----------
        processes : mapping of str to int
            From what each is called in the report to its id.
        """
        found = []
        for name, pid in processes.items():
            try:
                found.append((name, psutil.Process(pid)))
            except psutil.NoSuchProcess:  # it died at once, which whoever started it will say
                continue
        self._processes = found

    def _sample_all(self) -> None:
        with self._path.open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([field.name for field in fields(Sample)])
            while not self._ended.wait(self._interval):
                for sample in self._now():
                    writer.writerow(astuple(sample))
                    self._resident[sample.seconds] += sample.resident_bytes
                file.flush()

    def _now(self) -> list[Sample]:
        seconds, sent = round(time.monotonic() - self._started, 2), _loopback() - self._sent
        samples = []
        for name, process in self._processes:
            try:
                cpu, resident = _tree(process)
            except psutil.NoSuchProcess:
                continue
            if resident:  # a process that has ended and was not asked for its exit code has none
                samples.append(Sample(seconds, name, round(cpu, 2), resident, sent))
        return samples


def read_samples(path: Path) -> list[Sample]:
    """Read the file of a `Sampler`.

    Parameters
    ----------
    path : Path

    Returns
    -------
    list of Sample
        Empty where there is no file.
    """
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [
            Sample(
                float(row["seconds"]),
                row["process"],
                float(row["cpu_seconds"]),
                int(row["resident_bytes"]),
                int(row["loopback_bytes"]),
            )
            for row in csv.DictReader(file)
        ]


def _tree(process: psutil.Process) -> tuple[float, int]:
    """Add up CPU seconds and resident bytes of a process and those it started."""
    cpu, resident = 0.0, 0
    for member in [process, *process.children(recursive=True)]:
        try:
            with member.oneshot():
                # user, system, and both of the children that have ended
                times, memory = member.cpu_times(), member.memory_info().rss
        except psutil.NoSuchProcess:
            continue
        cpu += times.user + times.system + times.children_user + times.children_system
        resident += memory
    return cpu, resident


def _run_cpu() -> float:
    """CPU seconds of all processes that this one started and that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _machine_cpu() -> float:
    """CPU seconds of the whole machine that were not idle. Guests are part of user time already."""
    times = psutil.cpu_times()._asdict()
    idle = ("idle", "iowait", "guest", "guest_nice")
    return sum(seconds for name, seconds in times.items() if name not in idle)


def _loopback() -> int:
    """Bytes sent through the loopback interface; every one of them is received there too."""
    counters = psutil.net_io_counters(pernic=True)
    return next((counters[name].bytes_sent for name in _LOOPBACKS if name in counters), 0)
