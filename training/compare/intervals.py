"""Means of few repeats with their 95 % intervals, by Student's t."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

MOST_REPEATS = 30
# 97.5 % quantiles of Student's t for 1 to 29 degrees of freedom, as printed in every table of it.
_T = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131)
_T += (2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045)


@dataclass(frozen=True)
class Estimate:
    """A mean of repeats.

    Attributes
    ----------
    mean : float
    low, high : float or None
        95 % interval; None of a single repeat.
    n : int
    """

    mean: float
    low: float | None
    high: float | None
    n: int

    def times(self, factor: float) -> Estimate:
        """Scale it, for instance from seconds to dollars."""
        low = None if self.low is None else self.low * factor
        high = None if self.high is None else self.high * factor
        return Estimate(self.mean * factor, low, high, self.n)

    def excludes(self, value: float) -> bool:
        """Tell whether the interval leaves a value out; no interval leaves nothing out."""
        return self.low is not None and self.high is not None and not self.low <= value <= self.high


def estimate(values: Sequence[float], lowest: float = 0.0, highest: float = math.inf) -> Estimate:
    """Estimate a mean.

    Parameters
    ----------
    values : sequence of float
        One a repeat; at least one, at most `MOST_REPEATS`.
    lowest, highest : float
        What is possible; the interval is cut off there.

    Returns
    -------
    Estimate
    """
    mean, n = fmean(values), len(values)
    if n == 1:
        return Estimate(mean, None, None, 1)
    reach = _T[n - 2] * stdev(values) / math.sqrt(n)
    return Estimate(mean, max(lowest, mean - reach), min(highest, mean + reach), n)


def paired_difference(values: Sequence[float], base: Sequence[float]) -> Estimate:
    """Estimate how much more one strategy has than another in the same repeat.

    Parameters
    ----------
    values, base : sequence of float
        One a repeat, in the same order. Same repeat, same seed: what a seed makes easy or hard falls out.

    Returns
    -------
    Estimate
        Of ``values - base``.
    """
    return estimate([one - other for one, other in zip(values, base, strict=True)], -math.inf)


def paired_ratio(values: Sequence[float], base: Sequence[float]) -> Estimate:
    """Estimate how many times as much one strategy takes as another in the same repeat.

    Parameters
    ----------
    values, base : sequence of float
        Above zero, one a repeat, in the same order.

    Returns
    -------
    Estimate
        Geometric mean of ``values / base``; the interval is Student's on the logarithms.
    """
    logarithms = [math.log(one / other) for one, other in zip(values, base, strict=True)]
    found = estimate(logarithms, -math.inf)
    low = None if found.low is None else math.exp(found.low)
    high = None if found.high is None else math.exp(found.high)
    return Estimate(math.exp(found.mean), low, high, found.n)
