"""How many requests a second one instance of a running endpoint answers in time, measured by loading it."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from signpost.errors import DeploymentError

CONCURRENCIES = (1, 2, 4, 8, 16, 32, 64)
# Answers slower than this are of no use: the alarm that rolls an update back rings there too.
SLOW_SECONDS = 1.0
# More callers that get less than this much more out of it only wait longer.
_GROWTH = 1.05
# Of what an instance can answer: the rest is for the minutes that a new one takes to come.
_HEADROOM = 0.5
_MINUTE = 60

Ask = Callable[[], None]


@dataclass(frozen=True)
class Step:
    """What so many callers at once got.

    Attributes
    ----------
    concurrency : int
        Callers.
    rate : float
        Right answers a second.
    p50, p99 : float
        Seconds from asking to the answer.
    errors : int
        Requests without one.
    """

    concurrency: int
    rate: float
    p50: float
    p99: float
    errors: int

    @property
    def good(self) -> bool:
        """Whether everything was answered, and in time."""
        return not self.errors and self.p99 < SLOW_SECONDS


def load(make_ask: Callable[[], Ask], seconds: float) -> Iterator[Step]:
    """Load an endpoint with more and more callers, until more get no more out of it.

    Parameters
    ----------
    make_ask : callable
        Makes a caller's function; it asks once and raises where there is no answer.
    seconds : float
        Of each step.

    Yields
    ------
    Step
    """
    best = 0.0
    for concurrency in CONCURRENCIES:
        step = _measure(make_ask, concurrency, seconds)
        yield step
        if not step.good or step.rate < _GROWTH * best:
            return
        best = step.rate


def target(steps: Sequence[Step], instances: int) -> int:
    """Work out the autoscaling target.

    Parameters
    ----------
    steps : sequence of Step
        As `load` gives them.
    instances : int
        How many of them answered.

    Returns
    -------
    int
        Invocations per instance and minute: half of the most that were answered in time, as AWS advises
        (https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-scaling-loadtest.html, safety factor 0.5).

    Raises
    ------
    DeploymentError
        If not even one caller was answered in time.
    """
    rates = [step.rate for step in steps if step.good]
    if not rates:
        raise DeploymentError(
            f"the endpoint answered no step without errors and within {SLOW_SECONDS:g} s: look at its log first"
        )
    return max(1, round(max(rates) / instances * _HEADROOM * _MINUTE))


def _measure(make_ask: Callable[[], Ask], concurrency: int, seconds: float) -> Step:
    started = threading.Barrier(concurrency)
    with ThreadPoolExecutor(concurrency) as pool:
        calling = [pool.submit(_call, make_ask(), started, seconds) for _ in range(concurrency)]
        found = [caller.result() for caller in calling]
    answered = sorted(took for times, _ in found for took in times)
    errors = sum(failed for _, failed in found)
    if not answered:
        return Step(concurrency, 0.0, float("inf"), float("inf"), errors)
    p99 = statistics.quantiles(answered, n=100)[98] if len(answered) > 1 else answered[0]
    # Callers that ask without a pause get callers ÷ mean time a second (Little's law), whenever the last one ends.
    return Step(concurrency, concurrency / statistics.fmean(answered), statistics.median(answered), p99, errors)


def _call(ask: Ask, started: threading.Barrier, seconds: float) -> tuple[list[float], int]:
    """Ask again and again; returns how long each answer took, and how many there were none to."""
    times, failed = list[float](), 0
    started.wait()
    end = time.monotonic() + seconds
    while (asked := time.monotonic()) < end:
        try:
            ask()
        except Exception:  # noqa: BLE001 - whatever it is, it is no answer
            failed += 1
        else:
            times.append(time.monotonic() - asked)
    return times, failed
