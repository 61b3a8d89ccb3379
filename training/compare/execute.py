"""Carries out one run of one strategy, measured."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from signpost.errors import SignpostError, TrainingError, TrainingInterrupted
from training.compare.plan import HISTORY, LOGS, PACKAGE, SAMPLES, Plan, PlannedRun, instances
from training.compare.result import Quality, RunResult, read_quality
from training.compare.sampler import INTERVAL_SECONDS, Sampler
from training.distribution import SINGLE
from training.distribution.launch import launch
from training.distribution.processes import Process

PROGRAM = (sys.executable, "-m", "training")


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
            hosts = instances(run.strategy, plan.workers)
            launch(
                command, run.strategy, hosts, run.folder / LOGS, say, lambda group: sampler.watch(_named(run, group))
            )
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


def _named(run: PlannedRun, group: Sequence[Process]) -> dict[str, int]:
    return {SINGLE if run.strategy == SINGLE else process.name: process.pid for process in group}


def _quality(folder: Path) -> tuple[Quality | None, str | None]:
    try:
        return read_quality(folder), None
    except TrainingError as error:
        return None, str(error)
