"""Says in words what the figures say, by rules: no difference is claimed that its interval doesn't bear."""

from __future__ import annotations

from collections.abc import Sequence

from signpost.model.metrics import wilson_interval
from training.compare.costs import MEASURED
from training.compare.intervals import Estimate
from training.compare.summary import Findings, Finished, Summary, difference, ratio
from training.compare.wording import dollars, interval, listing, percent, points, seconds, size, times
from training.distribution import SINGLE

READING = (
    "Brackets hold 95 % intervals, by Student's t over the repeats. “Times” and differences are taken repeat by "
    "repeat, with the same seed on both sides."
)
_BUSY_SHARE = 0.1  # of the cores, used by others, from which times are doubtful


def words(findings: Findings, cores: int) -> list[str]:
    """Write the paragraphs.

    Parameters
    ----------
    findings : Findings
        The first strategy with a finished run is what the others are compared with.
    cores : int
        Of the machine.

    Returns
    -------
    list of str
    """
    there, target = findings.summaries, findings.target
    failures = [f"{run.strategy}, repeat {run.repeat}, failed: {run.error}" for run in findings.failed]
    if not there:
        return ["No run finished, so there is nothing to compare.", *failures]
    base, *others = there
    first = [_headline(there)] if others else []
    each = [_base(base, target), *(_other(one, base, target) for one in others)]
    return [*first, *each, _cost(there), _network(there), _limits(there, cores), *_doubts(there, cores), *failures]


def _headline(there: Sequence[Summary]) -> str:
    fastest = min(there, key=lambda one: one.wall_seconds.mean)
    unclear = [one.strategy for one in there if one is not fastest and not _excludes(ratio(one, fastest, _wall), 1)]
    time = f"{fastest.strategy} takes the least time on this machine"
    time += f", but these repeats can't tell it from {listing(unclear)}" if unclear else ", and every interval says so"
    base, *others = there
    apart = [one.strategy for one in others if _excludes(difference(one, base, _accuracy), 0)]
    differs = f"{listing(apart)} {'differs' if len(apart) == 1 else 'differ'} from {base.strategy} in accuracy"
    return f"{time}. {differs if apart else f'No difference in accuracy from {base.strategy} can be seen'}."


def _base(base: Summary, target: float) -> str:
    return (
        f"{base.strategy} takes {interval(base.wall_seconds, seconds)} for a run and gets "
        f"{interval(base.accuracy, percent)} of the test pictures right ({_runs(len(base.runs))}); "
        f"{_target(base, target)}. It uses {interval(base.cpu_seconds, seconds)} of CPU and "
        f"{size(base.peak_bytes.mean)} of memory at its peak."
    )


def _other(one: Summary, base: Summary, target: float) -> str:
    wall, accuracy = ratio(one, base, _wall), difference(one, base, _accuracy)
    if not wall or not accuracy:
        return f"{one.strategy} shares no finished repeat with {base.strategy}, so the two can't be compared."
    more = {
        "the training time": ratio(one, base, lambda run: run.quality.training_seconds),
        "the CPU": ratio(one, base, lambda run: run.usage.cpu_seconds),
        "the memory": ratio(one, base, lambda run: run.usage.peak_resident_bytes),
    }
    parts = [f"{interval(found, times)} times {name}" for name, found in more.items() if found]
    return (
        f"{one.strategy} takes {seconds(one.wall_seconds.mean)} for a run, {interval(wall, times)} times that of "
        f"{base.strategy}, {_verdict(wall, 1, 'faster', 'slower')}; and {listing(parts)}. It gets "
        f"{percent(one.accuracy.mean)} right, a difference of {interval(accuracy, points)} percentage points, "
        f"{_verdict(accuracy, 0, 'worse', 'better')}; {_target(one, target)}."
    )


def _wall(run: Finished) -> float:
    return run.usage.wall_seconds


def _accuracy(run: Finished) -> float:
    return run.quality.accuracy


def _excludes(found: Estimate | None, value: float) -> bool:
    return found is not None and found.excludes(value)


def _verdict(found: Estimate, neutral: float, below: str, above: str) -> str:
    if found.n == 1:
        return "of which one repeat says little"
    if not found.excludes(neutral):
        return f"which {found.n} repeats can't tell from no difference"
    return f"which is {above if found.mean > neutral else below}"


def _target(one: Summary, target: float) -> str:
    if not one.to_target:
        return f"no run reached {target:.0%} on validation"
    each = f"it reaches {target:.0%} on validation after {interval(one.to_target, seconds)} of training"
    return each if one.reached == len(one.runs) else f"{each}, in {one.reached} of {_runs(len(one.runs))}"


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"


def _cost(there: Sequence[Summary]) -> str:
    costs = sorted((one.cost for one in there), key=lambda cost: cost.on_demand.mean)
    cheapest, dearest = costs[0], costs[-1]
    text = f"A run of {cheapest.strategy} costs {interval(cheapest.on_demand, dollars)} on-demand"
    text += f" and about {dollars(cheapest.spot.mean)} on spot instances"
    if dearest is not cheapest:
        factor = dearest.on_demand.mean / cheapest.on_demand.mean
        text += f", the least; {dearest.strategy} costs {times(factor)} times that, the most"
    guessed = [cost.strategy for cost in costs if cost.seconds_from == MEASURED]
    if not guessed:
        return f"{text}. The seconds are those that jobs were billed."
    whose = "All of that" if len(guessed) == len(costs) else f"The cost of {listing(guessed)}"
    return f"{text}. {whose} rests on seconds of this machine, not on a bill."


def _network(there: Sequence[Summary]) -> str:
    sent = [f"{one.strategy} {size(one.loopback_bytes.mean)}" for one in there]
    text = f"Sent through the loopback interface in a run, other programs' traffic included: {listing(sent)}."
    rates = [
        run.usage.loopback_bytes / run.usage.wall_seconds for one in there if one.strategy == SINGLE for run in one.runs
    ]
    if not rates:
        return text
    return f"{text} A single process sends itself next to nothing: others sent {size(max(rates))} a second beside it."


def _limits(there: Sequence[Summary], cores: int) -> str:
    first = there[0].runs[0].quality
    low, high = wilson_interval(round(first.accuracy * first.test_pictures), first.test_pictures)
    return (
        f"All processes shared the {cores} cores of this machine. So the times say what many processes cost here, not "
        "what several machines would gain. Each interval stands for itself; of many, some miss. With "
        f"{first.test_pictures:,} test pictures, one accuracy such as {percent(first.accuracy)} is itself only known "
        f"to lie between {percent(low)} and {percent(high)} (95 %, Wilson)."
    )


def _doubts(there: Sequence[Summary], cores: int) -> list[str]:
    runs = [run for one in there for run in one.runs]
    budgets = {run.quality.training_pictures for run in runs}
    revisions = {run.quality.revision for run in runs}
    busiest = max(run.usage.others_cpu_seconds / run.usage.wall_seconds for run in runs)
    found = []
    if len(budgets) > 1:
        found.append(
            f"The runs did not train on the same number of pictures ({min(budgets):,} to {max(budgets):,}): some ended "
            "early, or did not count all their work."
        )
    if busiest > _BUSY_SHARE * cores:
        found.append(
            f"The machine was busy: other programs used up to {busiest:.1f} of its {cores} cores during a run. The "
            "times are too long by an unknown amount."
        )
    if len(revisions) > 1:
        found.append(f"The runs were made by {len(revisions)} different versions of the program.")
    return found
