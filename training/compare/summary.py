"""Puts the runs of a strategy together: means with intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from training.compare.costs import Cost, Job, cost_of_jobs, cost_of_runs
from training.compare.intervals import Estimate, estimate, paired_difference, paired_ratio
from training.compare.plan import instances
from training.compare.result import Quality, RunResult, Usage


@dataclass(frozen=True)
class Finished:
    """A run that is done."""

    repeat: int
    usage: Usage
    quality: Quality


Measure = Callable[[Finished], float]


@dataclass(frozen=True)
class Summary:
    """A strategy with a finished run.

    Attributes
    ----------
    strategy : str
    runs : tuple of Finished
        In the order of the repeats.
    wall_seconds, training_seconds, accuracy, macro_f1, cpu_seconds, peak_bytes, loopback_bytes : Estimate
    to_target : Estimate or None
        Training seconds to the target accuracy, over the runs that reached it; None if none did.
    reached : int
        How many did.
    cost : Cost
    """

    strategy: str
    runs: tuple[Finished, ...]
    wall_seconds: Estimate
    training_seconds: Estimate
    to_target: Estimate | None
    reached: int
    accuracy: Estimate
    macro_f1: Estimate
    cpu_seconds: Estimate
    peak_bytes: Estimate
    loopback_bytes: Estimate
    cost: Cost


@dataclass(frozen=True)
class Findings:
    """All that is compared.

    Attributes
    ----------
    strategies : tuple of str
    summaries : tuple of Summary
        Of the strategies that have a finished run, in their order.
    failed : tuple of RunResult
    target : float
        Validation accuracy that the time is given to.
    """

    strategies: tuple[str, ...]
    summaries: tuple[Summary, ...]
    failed: tuple[RunResult, ...]
    target: float


def summarise(
    strategy: str,
    results: Sequence[RunResult],
    *,
    target: float,
    workers: int,
    instance_type: str,
    jobs: Sequence[Job],
) -> Summary | None:
    """Sum up the runs of one strategy.

    Parameters
    ----------
    strategy : str
    results : sequence of RunResult
        Of all strategies.
    target : float
        Validation accuracy.
    workers : int
    instance_type : str
        By whose price the measured runs are costed.
    jobs : sequence of Job
        Of all strategies; where there are some of this one, they are costed instead.

    Returns
    -------
    Summary or None
        None without a finished run.
    """
    mine = sorted((result for result in results if result.strategy == strategy), key=lambda result: result.repeat)
    runs = tuple(Finished(run.repeat, run.usage, run.quality) for run in mine if run.quality)
    if not runs:
        return None
    reached = [found for run in runs if (found := run.quality.seconds_to(target)) is not None]
    own_jobs = [job for job in jobs if job.strategy == strategy]

    def mean(measure: Measure, highest: float = math.inf) -> Estimate:
        return estimate([measure(run) for run in runs], highest=highest)

    wall = mean(lambda run: run.usage.wall_seconds)
    measured = cost_of_runs(strategy, wall, instances(strategy, workers), instance_type)
    return Summary(
        strategy,
        runs,
        wall_seconds=wall,
        training_seconds=mean(lambda run: run.quality.training_seconds),
        to_target=estimate(reached) if reached else None,
        reached=len(reached),
        accuracy=mean(lambda run: run.quality.accuracy, 1.0),
        macro_f1=mean(lambda run: run.quality.macro_f1, 1.0),
        cpu_seconds=mean(lambda run: run.usage.cpu_seconds),
        peak_bytes=mean(lambda run: run.usage.peak_resident_bytes),
        loopback_bytes=mean(lambda run: run.usage.loopback_bytes),
        cost=cost_of_jobs(own_jobs) if own_jobs else measured,
    )


def ratio(one: Summary, base: Summary, measure: Measure) -> Estimate | None:
    """Estimate how many times as much one strategy takes as another, over the repeats that both finished.

    Parameters
    ----------
    one, base : Summary
    measure : callable
        From a finished run to a figure above zero.

    Returns
    -------
    Estimate or None
        None without a repeat that both finished, or where a figure is zero.
    """
    values, others = _pairs(one, base, measure)
    return paired_ratio(values, others) if values and min(*values, *others) > 0 else None


def difference(one: Summary, base: Summary, measure: Measure) -> Estimate | None:
    """Estimate how much more one strategy has than another, over the repeats that both finished.

    Parameters
    ----------
    one, base : Summary
    measure : callable
        From a finished run to a figure.

    Returns
    -------
    Estimate or None
        None without a repeat that both finished.
    """
    values, others = _pairs(one, base, measure)
    return paired_difference(values, others) if values else None


def _pairs(one: Summary, base: Summary, measure: Measure) -> tuple[list[float], list[float]]:
    others = {run.repeat: run for run in base.runs}
    both = [(measure(run), measure(others[run.repeat])) for run in one.runs if run.repeat in others]
    return [first for first, _ in both], [second for _, second in both]
