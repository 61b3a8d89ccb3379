"""Carries out one run of one strategy, measured."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from signpost.errors import SignpostError, TrainingError, TrainingInterrupted
from training.compare.plan import HISTORY, LOGS, PACKAGE, SAMPLES, Plan, PlannedRun
from training.compare.result import Quality, RunResult, read_quality
from training.compare.sampler import INTERVAL_SECONDS, Named, Sampler
from training.distribution import MULTI_WORKER, SINGLE
from training.distribution.cluster import members
from training.distribution.launch import launch
from training.distribution.processes import Processes

PROGRAM = (sys.executable, "-m", "training")


@dataclass(frozen=True)
class _Alone:
    """The one process of the strategy that has no others."""

    name: str
    pid: int


def execute(
    plan: Plan,
    run: PlannedRun,
    quick: bool,
    say: Callable[[str], None],
    program: Sequence[str] = PROGRAM,
    interval: float = INTERVAL_SECONDS,
) -> RunResult:
    """Run one strategy from the start to its end and keep the result in the run's folder.

    Parameters
    ----------
    plan : Plan
    run : PlannedRun
    quick : bool
        Whether the program is to shorten the recipe itself.
    say : callable
        Told each line of each process.
    program : sequence of str
        The training program.
    interval : float
        Seconds between two samples.

    Returns
    -------
    RunResult
        Of a run that is done or has failed.

    Raises
    ------
    TrainingInterrupted
        After Ctrl-C or SIGTERM; nothing of this run counts.
    """
    shutil.rmtree(run.folder, ignore_errors=True)
    run.folder.mkdir(parents=True)
    command = [*program, *_arguments(plan, run, quick)]
    started, error, quality = datetime.now(UTC).replace(microsecond=0), None, None
    with Sampler(run.folder / SAMPLES, interval) as sampler:
        try:
            if run.strategy == SINGLE:
                _run_alone(command, run.folder / LOGS, say, sampler.watch)
            else:
                launch(command, run.strategy, plan.workers, run.folder / LOGS, say, sampler.watch)
        except TrainingInterrupted:
            raise
        except SignpostError as failure:
            error = str(failure)
    if error is None:
        quality, error = _quality(run.folder)
    result = RunResult(
        status="failed" if error else "done",
        strategy=run.strategy,
        repeat=run.repeat,
        seed=run.seed,
        started=started,
        usage=sampler.usage,
        quality=quality,
        error=error,
    )
    result.write(run.folder)
    return result


def _arguments(plan: Plan, run: PlannedRun, quick: bool) -> list[str]:
    arguments = [plan.recipe.name, "--seed", str(run.seed), "--strategy", run.strategy]
    arguments += ["--out", str(run.folder / PACKAGE), "--history", str(run.folder / HISTORY)]
    arguments += ["--data", str(plan.data)] if plan.data else []
    return [*arguments, "--quick"] if quick else arguments


def _quality(folder: Path) -> tuple[Quality | None, str | None]:
    try:
        return read_quality(folder), None
    except TrainingError as error:
        return None, str(error)


def _run_alone(
    command: Sequence[str],
    log_folder: Path,
    say: Callable[[str], None],
    started: Callable[[Sequence[Named]], None],
) -> None:
    """Do for one process what `launch` does for several: a cluster of a chief alone, which the program doesn't ask for."""
    [member] = members(MULTI_WORKER, ["127.0.0.1:0"])
    with Processes(log_folder, say) as group:
        group.start(member, command, {})
        started([_Alone(SINGLE, process.pid) for process in group.running])
        group.watch()
