"""Measures every server in turn, several times over, so that a drift of the machine meets all of them."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from http.client import HTTPException
from typing import Any

from serving.benchmark.answers import check_answers
from serving.benchmark.bound import measure_bound
from serving.benchmark.install import BenchmarkError
from serving.benchmark.load import run_load, wrk_command
from serving.benchmark.pictures import Pictures
from serving.benchmark.processes import running
from serving.benchmark.servers import Server
from serving.benchmark.usage import cpu_seconds, machine_seconds, memory

CONCURRENCIES = (1, 8, 32)
_WARM_UP_SECONDS = 1
_QUIET_CORES = 0.2
# What a server may do wrong; the others are measured all the same.
_FAULTS = (BenchmarkError, OSError, HTTPException, subprocess.SubprocessError, ValueError, LookupError)
Figures = dict[str, Any]


def measure_all(
    servers: list[Server], pictures: dict[str, Pictures], seconds: int, rounds: int, say: Callable[[str], None]
) -> Figures:
    """Measure servers and the bound.

    Parameters
    ----------
    servers : list of Server
        Those that are installed.
    pictures : dict
        By kind, the files and the right answers.
    seconds : int
        Of each load.
    rounds : int
        How often everything is measured.
    say : callable
        Told what is going on.

    Returns
    -------
    dict
        ``bound``: by kind of picture, a rate a round. ``servers``: by key ``startup_s``, ``loads`` (by kind of picture
        and connections, a dict a round) and, where it ended early, ``failed`` with the reason.
    """
    bound: dict[str, list[float]] = {kind: [] for kind in pictures}
    found: Figures = {server.key: {"startup_s": [], "loads": {}} for server in servers}
    for number in range(rounds):
        first = number * len(servers) // rounds
        for server in servers[first:] + servers[:first]:
            say(f"round {number + 1} of {rounds}: {server.key}")
            if "failed" in found[server.key]:
                continue
            try:
                _measure(server, pictures, seconds, found[server.key])
            except _FAULTS as error:
                found[server.key]["failed"] = f"{error}" or type(error).__name__
                say(f"  {found[server.key]['failed']}")
            others = max((rounds[-1]["other_cores"] for rounds in found[server.key]["loads"].values()), default=0)
            if others > _QUIET_CORES:
                say(f"  something else took up to {others:.2f} cores, so these figures are too low")
        say(f"round {number + 1} of {rounds}: the bound")
        for kind, files in pictures.items():
            bound[kind].append(round(measure_bound(files, seconds), 1))
    return {"bound": bound, "servers": found}


def _measure(server: Server, pictures: dict[str, Pictures], seconds: int, found: Figures) -> None:
    first = next(iter(pictures["small"])).read_bytes()
    with running(server, first) as run:
        _check(run.port, server, pictures)
        for kind, files in pictures.items():
            for connections in CONCURRENCIES:
                run_load(wrk_command(run.port, connections, _WARM_UP_SECONDS, files))
                figures = _measure_load(run.port, connections, seconds, files)
                found["loads"].setdefault(f"{kind}/{connections}", []).append(figures)
        _check(run.port, server, pictures)
    found["startup_s"].append(round(run.startup_s, 2))


def _check(port: int, server: Server, pictures: dict[str, Pictures]) -> None:
    for files in pictures.values():
        if fault := check_answers(port, server.kind, files):
            raise BenchmarkError(f"wrong answer: {fault}")


def _measure_load(port: int, connections: int, seconds: int, files: Pictures) -> Figures:
    command = wrk_command(port, connections, seconds, files)
    all_before, before, started = machine_seconds(), cpu_seconds(), time.monotonic()
    load, wrk = run_load(command)
    passed, took, all_took = time.monotonic() - started, cpu_seconds() - before, machine_seconds() - all_before
    resident = memory()
    return {
        "rate": round(load.rate, 1),
        "p50_ms": load.p50_ms,
        "p99_ms": load.p99_ms,
        "server_cores": round(took / passed, 3),
        "wrk_cores": round(wrk / passed, 3),
        "other_cores": round(max(0, all_took - took - wrk) / passed, 3),
        "pss_mb": round(resident.pss, 1),
        "rss_mb": round(resident.rss, 1),
        "faults": load.faults,
    }
