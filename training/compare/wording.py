"""Figures as a person reads them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from training.compare.intervals import Estimate

_UNITS = ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))


def seconds(value: float) -> str:
    """Write seconds: 8.3 s, 41 s, 12.5 min."""
    if value >= 600:
        return f"{value / 60:.1f} min"
    return f"{value:.0f} s" if value >= 20 else f"{value:.1f} s"


def size(value: float) -> str:
    """Write bytes: 12 MiB, 1.4 GiB."""
    for unit, name in _UNITS:
        if value >= unit:
            return f"{value / unit:.0f} {name}" if value >= 10 * unit else f"{value / unit:.1f} {name}"
    return f"{value:.0f} B"


def percent(value: float) -> str:
    """Write a share."""
    return f"{value:.1%}"


def dollars(value: float) -> str:
    """Write dollars, a thousandth of a cent being the least that counts."""
    return f"${value:.5f}" if value < 0.1 else f"${value:.2f}"


def times(value: float) -> str:
    """Write a ratio."""
    return f"{value:.2f}"


def points(value: float) -> str:
    """Write a difference of two shares, with its sign."""
    return f"{100 * value:+.1f}".replace("-", "−")


def interval(found: Estimate, write: Callable[[float], str]) -> str:
    """Write a mean with its interval.

    Parameters
    ----------
    found : Estimate
    write : callable
        From a figure to text.

    Returns
    -------
    str
        Such as ``41 s (38 s to 44 s)``; the mean alone where there is no interval.
    """
    mean = write(found.mean)
    return mean if found.low is None or found.high is None else f"{mean} ({write(found.low)} to {write(found.high)})"


def listing(names: Sequence[str]) -> str:
    """Join names: a, b and c."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
