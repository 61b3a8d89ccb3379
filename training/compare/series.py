"""From the samples of a run to what is plotted over time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from training.compare.plan import SAMPLES, Plan
from training.compare.sampler import Sample, read_samples

_MOST_POINTS = 150


@dataclass(frozen=True)
class Series:
    """A run over time; all lists have one value a moment, NaN while a process wasn't there.

    Attributes
    ----------
    seconds : list of float
        Since the start.
    cores, gibibytes : dict of str to list of float
        Cores in use and resident memory, by process.
    mebibytes_per_second : list of float
        Through the loopback interface.
    """

    seconds: list[float]
    cores: dict[str, list[float]]
    gibibytes: dict[str, list[float]]
    mebibytes_per_second: list[float]


def series_of_run(plan: Plan, strategy: str, repeat: int) -> Series:
    """Read the samples of a run, thinned to what a plot can show.

    Parameters
    ----------
    plan : Plan
    strategy : str
    repeat : int

    Returns
    -------
    Series
    """
    [run] = [run for run in plan.runs() if (run.strategy, run.repeat) == (strategy, repeat)]
    return make_series(read_samples(run.folder / SAMPLES))


def make_series(samples: list[Sample]) -> Series:
    """Turn counters into rates.

    Parameters
    ----------
    samples : list of Sample
        In the order of time.

    Returns
    -------
    Series
    """
    moments = [list(group) for _, group in groupby(samples, key=lambda sample: sample.seconds)]
    every = -(-len(moments) // _MOST_POINTS) or 1
    moments = moments[::every]
    names = list(dict.fromkeys(sample.process for sample in samples))
    by_name = [{sample.process: sample for sample in moment} for moment in moments]
    start = Sample(0.0, "", 0.0, 0, 0)
    pairs = list(zip([{}, *by_name], by_name, strict=False))
    return Series(
        [moment[0].seconds for moment in moments],
        {name: [_cores(old.get(name, start), new.get(name)) for old, new in pairs] for name in names},
        {name: [_gibibytes(new.get(name)) for new in by_name] for name in names},
        [_network(old[0], new[0]) for old, new in zip([[start], *moments], moments, strict=False)],
    )


def _cores(old: Sample, new: Sample | None) -> float:
    if new is None:
        return float("nan")
    return (new.cpu_seconds - old.cpu_seconds) / (new.seconds - old.seconds)


def _gibibytes(sample: Sample | None) -> float:
    return float("nan") if sample is None else sample.resident_bytes / 2**30


def _network(old: Sample, new: Sample) -> float:
    return (new.loopback_bytes - old.loopback_bytes) / 2**20 / (new.seconds - old.seconds)
