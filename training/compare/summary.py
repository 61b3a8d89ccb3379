"""Puts the runs of a strategy together: means with intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from training.compare.costs import Cost, Job, cost_of_jobs, cost_of_runs
from training.compare.intervals import Estimate, estimate, paired_difference, paired_ratio
from training.compare.plan import instances
from training.compare.result import Quality, RunResult


@dataclass(frozen=True)
class Finished:
    """A run that is done: its figures without the chance that there are none."""

    run: RunResult
    quality: Quality


@dataclass(frozen=True)
class Summary:
    """One strategy.

    Attributes
    ----------
    strategy : str
    finished : tuple of Finished
        In the order of the repeats.
    failed : tuple of RunResult
    wall_seconds, training_seconds, accuracy, macro_f1, cpu_seconds, peak_bytes, loopback_bytes : Estimate or None
        None without a finished run.
    to_target : Estimate or None
        Training seconds to the target accuracy, over the runs that reached it.
    reached : int
        How many did.
    cost : Cost or None
    """

    strategy: str
    finished: tuple[Finished, ...]
    failed: tuple[RunResult, ...]
    wall_seconds: Estimate | None
    training_seconds: Estimate | None
    to_target: Estimate | None
    reached: int
    accuracy: Estimate | None
    macro_f1: Estimate | None
    cpu_seconds: Estimate | None
    peak_bytes: Estimate | None
    loopback_bytes: Estimate | None
    cost: Cost | None


Measure = Callable[[Finished], float]


def summarise(
    strategy: str,
    results: Sequence[RunResult],
    *,
    target: float,
    workers: int,
    instance_type: str,
    jobs: Sequence[Job],
) -> Summary:
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
    Summary
    """
    mine = sorted((result for result in results if result.strategy == strategy), key=lambda result: result.repeat)
    finished = tuple(Finished(run, run.quality) for run in mine if run.quality)
    to_target = [found for one in finished if (found := one.quality.seconds_to(target)) is not None]

    def mean(measure: Measure, highest: float = float("inf")) -> Estimate | None:
        return estimate([measure(one) for one in finished], highest=highest)

    wall = mean(lambda one: one.run.usage.wall_seconds)
    measured = cost_of_runs(strategy, wall, instances(strategy, workers), instance_type) if wall else None
    return Summary(
        strategy,
        finished,
        tuple(run for run in mine if run.status == "failed"),
        wall_seconds=wall,
        training_seconds=mean(lambda one: one.quality.training_seconds),
        to_target=estimate(to_target),
        reached=len(to_target),
        accuracy=mean(lambda one: one.quality.accuracy, 1.0),
        macro_f1=mean(lambda one: one.quality.macro_f1, 1.0),
        cpu_seconds=mean(lambda one: one.run.usage.cpu_seconds),
        peak_bytes=mean(lambda one: one.run.usage.peak_resident_bytes),
        loopback_bytes=mean(lambda one: one.run.usage.loopback_bytes),
        cost=cost_of_jobs([job for job in jobs if job.strategy == strategy]) or measured,
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
        None without a repeat that both finished.
    """
    return paired_ratio(*_pairs(one, base, measure))


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
    return paired_difference(*_pairs(one, base, measure))


def _pairs(one: Summary, base: Summary, measure: Measure) -> tuple[list[float], list[float]]:
    others = {other.run.repeat: other for other in base.finished}
    both = [(measure(run), measure(others[run.run.repeat])) for run in one.finished if run.run.repeat in others]
    return [first for first, _ in both], [second for _, second in both]
