"""Makes load with wrk and reads what it measured."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from serving.benchmark.install import BenchmarkError

_SCRIPT = Path(__file__).with_name("load.lua")
_TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Load:
    """What one run of wrk measured.

    Attributes
    ----------
    rate : float
        Answers a second.
    p50_ms, p99_ms : float
        Latency, of the whole request and its answer.
    faults : str
        What went wrong, which voids the figures; empty if all was answered.
    """

    rate: float
    p50_ms: float
    p99_ms: float
    faults: str


def wrk_command(port: int, connections: int, seconds: int, pictures: Iterable[Path]) -> list[str]:
    """Give the command: one thread, and as many connections as are to be kept open."""
    options = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", f"{_TIMEOUT_SECONDS}s", "-s", str(_SCRIPT)]
    return ["wrk", *options, f"http://127.0.0.1:{port}/invocations", "--", *map(str, pictures)]


def run_load(command: list[str]) -> tuple[Load, float]:
    """Run wrk.

    Returns
    -------
    tuple of Load and float
        What it measured, and the processor time that it took itself, in seconds.

    Raises
    ------
    BenchmarkError
        If it fails.
    """
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout  # noqa: S101 - it is a pipe
    text = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise BenchmarkError(f"wrk ended with exit code {process.returncode}: {text.strip()[-300:]}")
    return read_report(text), usage.ru_utime + usage.ru_stime


def read_report(text: str) -> Load:
    """Read the line that ``load.lua`` prints behind wrk's own report.

    Raises
    ------
    BenchmarkError
        If there is none.
    """
    lines = [line for line in text.splitlines() if line.startswith("{")]
    if not lines:
        raise BenchmarkError(f"wrk reported nothing: {text.strip()[-300:]}")
    report = json.loads(lines[-1])
    counts = {kind: report[kind] for kind in ("refused", "broken", "timed_out")}
    faults = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in counts.items() if count)
    if not report["requests"]:
        faults = faults or "nothing was answered"
    rate = report["requests"] / report["seconds"]
    return Load(rate, report["p50_ms"], report["p99_ms"], faults)
