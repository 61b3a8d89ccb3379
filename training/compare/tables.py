"""The tables of the report, for HTML and for Markdown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from signpost.cost.prices import AS_OF, SPOT_SAVING
from training.compare.sampler import INTERVAL_SECONDS
from training.compare.summary import Findings, Summary
from training.compare.wording import dollars, interval, percent, seconds, size

_RESULTS = """Means of the runs that finished, in brackets the 95 % interval of the mean over repeats, by Student's t; \
n is the number of finished runs. Each repeat has its own seed. Wall time is that of all processes from their start to \
their end, with imports, data, evaluations, export and test; training time leaves those out. Accuracy and macro F1 are \
of the exported file on the test part. The target is looked for at the evaluations on validation, about ten in each \
phase of a run."""
_USAGE = f"""CPU seconds are those of all processes of a run, as the system counted them. Memory is the largest sum of \
resident memory over the processes, looked at every {INTERVAL_SECONDS:g} s; what they share, such as the libraries' \
code, counts in each. Network is what went through the loopback interface while the run lasted, each byte once. The \
system counts that for the whole machine only, so it also holds what other programs there sent to each other; the \
figure of a single process, which sends itself next to nothing, shows how much that is. CPU of others is what \
everything else on the machine used, from the quietest to the busiest run."""
_COSTS = f"""Prices of {AS_OF}, us-east-1, from signpost/cost/prices.py. They were not read off AWS's pricing page, \
which could not be opened, and no bill was seen. Spot by the price table is on-demand less {SPOT_SAVING:.0%}, a guess: \
what spot saves changes by the hour. Seconds that were measured here stand for instances of which each is as fast as \
this whole machine was for all processes, without the minutes that SageMaker takes to start."""


@dataclass(frozen=True)
class Table:
    """A table with what a reader must know to read it.

    Attributes
    ----------
    title, note : str
    header : tuple of str
    rows : tuple of tuple of str
        The first column names the row.
    """

    title: str
    note: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def markdown(self) -> str:
        """Write it as Markdown."""
        lines = [self.header, ("---",) * len(self.header), *self.rows]
        return "\n".join([f"**{self.title}**", "", *(f"| {' | '.join(line)} |" for line in lines), "", self.note])


def tables(findings: Findings) -> list[Table]:
    """Make the tables of the report; a strategy without a finished run has a row that says so.

    Parameters
    ----------
    findings : Findings

    Returns
    -------
    list of Table
    """
    target = f"training time to {findings.target:.0%}"
    return [
        _table(
            findings,
            ("Time and quality", _RESULTS),
            ("n", "wall time", "training time", target, "accuracy", "macro F1", "test pictures", "training pictures"),
            _results,
        ),
        _table(
            findings,
            ("What a run takes from the machine", _USAGE),
            ("CPU seconds", "peak memory", "network (loopback)", "CPU of others, in cores"),
            _usage,
        ),
        _table(
            findings,
            ("Cost of one run on SageMaker", _COSTS),
            ("instances", "billed seconds of each", "on-demand", "spot", "the seconds are", "spot is by"),
            _costs,
        ),
    ]


def _table(
    findings: Findings,
    text: tuple[str, str],
    header: tuple[str, ...],
    cells: Callable[[Summary], tuple[str, ...]],
) -> Table:
    there = {one.strategy: cells(one) for one in findings.summaries}
    nothing = ("no finished run", *("–",) * (len(header) - 1))
    rows = tuple((strategy, *there.get(strategy, nothing)) for strategy in findings.strategies)
    return Table(*text, ("strategy", *header), rows)


def _results(one: Summary) -> tuple[str, ...]:
    return (
        str(len(one.runs)),
        interval(one.wall_seconds, seconds),
        interval(one.training_seconds, seconds),
        _to_target(one),
        interval(one.accuracy, percent),
        interval(one.macro_f1, percent),
        _counts({run.quality.test_pictures for run in one.runs}),
        _counts({run.quality.training_pictures for run in one.runs}),
    )


def _to_target(one: Summary) -> str:
    if not one.to_target:
        return "not reached"
    if one.reached == len(one.runs):
        return interval(one.to_target, seconds)
    return f"{seconds(one.to_target.mean)} in {one.reached} of {len(one.runs)} runs"


def _counts(found: set[int]) -> str:
    return " to ".join(f"{count:,}" for count in sorted({min(found), max(found)}))


def _usage(one: Summary) -> tuple[str, ...]:
    busy = [run.usage.others_cpu_seconds / run.usage.wall_seconds for run in one.runs]
    return (
        interval(one.cpu_seconds, seconds),
        interval(one.peak_bytes, size),
        interval(one.loopback_bytes, size),
        f"{min(busy):.2f} to {max(busy):.2f}",
    )


def _costs(one: Summary) -> tuple[str, ...]:
    cost = one.cost
    return (
        f"{cost.instances} × {cost.instance_type}",
        interval(cost.seconds, seconds),
        interval(cost.on_demand, dollars),
        interval(cost.spot, dollars),
        cost.seconds_from,
        cost.spot_from,
    )
