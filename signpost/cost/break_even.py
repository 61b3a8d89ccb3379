"""Rates of pictures at which something changes: which hosting is the cheapest, or whether a limit is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from signpost.cost.existing import existing
from signpost.cost.model import FLAT, cost
from signpost.settings.endpoint import EndpointSettings
from signpost.settings.hosting import Hosting

LOWEST_RATE = 0.0001  # pictures a second: nine a day
_STEPS_PER_DECADE = 40
_PRECISION = 1e-6
ASKED_SHARE = 1 / 5

T = TypeVar("T")


def cheapest(
    hostings: Sequence[Hosting], endpoint: EndpointSettings, rate: float, shape: Sequence[float] = FLAT
) -> Hosting:
    """Find the hosting of the least cost among those that serve the load.

    Parameters
    ----------
    hostings : sequence of Hosting
        To choose from.
    endpoint : EndpointSettings
        Sizes of endpoints.
    rate : float
        Mean of pictures a second.
    shape : sequence of float
        Weight of each hour of a day.

    Returns
    -------
    Hosting
    """
    costs = {hosting: cost(hosting, endpoint, rate, shape) for hosting in hostings}
    return min(costs, key=lambda hosting: (costs[hosting].lacking > 0, costs[hosting].month))


def break_evens(
    hostings: Sequence[Hosting], endpoint: EndpointSettings, up_to: float, shape: Sequence[float] = FLAT
) -> list[tuple[float, Hosting]]:
    """Find the rates at which the cheapest hosting changes.

    Parameters
    ----------
    hostings : sequence of Hosting
        To choose from.
    endpoint : EndpointSettings
        Sizes of endpoints.
    up_to : float
        The highest rate to look at, in pictures a second.
    shape : sequence of float
        Weight of each hour of a day.

    Returns
    -------
    list of (float, Hosting)
        The hosting that is the cheapest from this rate on; the first one from `LOWEST_RATE`.
    """
    return _changes(lambda rate: cheapest(hostings, endpoint, rate, shape), up_to)


def fifths(hosting: Hosting, endpoint: EndpointSettings, up_to: float) -> list[tuple[float, bool]]:
    """Find the rates of a flat load at which a hosting begins or ends to cost a fifth of an existing project, or less.

    Parameters
    ----------
    hosting : Hosting
        Where the model runs.
    endpoint : EndpointSettings
        Sizes of endpoints.
    up_to : float
        The highest rate to look at, in pictures a second.

    Returns
    -------
    list of (float, bool)
        Whether it does from this rate on; the first one from `LOWEST_RATE`.
    """
    return _changes(lambda rate: cost(hosting, endpoint, rate).month <= ASKED_SHARE * existing(rate).month, up_to)


def _changes(label: Callable[[float], T], up_to: float) -> list[tuple[float, T]]:
    """Follow a label over the rates in steps of 6 %, and halve the steps in which it changes."""
    low, found = LOWEST_RATE, [(LOWEST_RATE, label(LOWEST_RATE))]
    while low < up_to:
        high = min(low * 10 ** (1 / _STEPS_PER_DECADE), up_to)
        if label(high) != found[-1][1]:
            found.append((_halve(label, low, high), label(high)))
        low = high
    return found


def _halve(label: Callable[[float], T], low: float, high: float) -> float:
    before = label(low)
    while high - low > _PRECISION * low:
        middle = (low + high) / 2
        low, high = (middle, high) if label(middle) == before else (low, middle)
    return high
