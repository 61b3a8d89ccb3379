"""Holds what was measured against the targets. A loss is called a loss."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

from serving.benchmark.servers import KINDS, NAMES, OURS, Kind

Figures = dict[str, Any]
_OWN = f"{OURS}/litert"
# How many times the best of the others Signpost has to answer.
_RATES: dict[Kind, dict[str, float]] = {"savedmodel": {"small": 3, "large": 3}, "litert": {"small": 1.5, "large": 1}}
_BOUND = {"small": 0.5, "large": 0.8}
_MEMORY = 1 / 3
_CONCURRENCIES = (1, 8, 32)
_BUSY = (8, 32)


@dataclass(frozen=True)
class Verdict:
    """One target and what was measured.

    Attributes
    ----------
    what : str
        The figure.
    ours, theirs : float or None
        Of Signpost, and of the best of the others or the bound; None if not measured.
    whose : str
        Who that is.
    least, most : float or None
        What ours ÷ theirs has to reach, or must not pass.
    """

    what: str
    ours: float | None
    theirs: float | None
    whose: str
    least: float | None = None
    most: float | None = None

    @property
    def ratio(self) -> float | None:
        """Ours ÷ theirs."""
        return self.ours / self.theirs if self.ours is not None and self.theirs else None

    @property
    def word(self) -> str:
        """Whether the target is reached: ``reached``, ``LOSS`` or ``not measured``."""
        if self.ratio is None:
            return "not measured"
        low = self.least is not None and self.ratio < self.least
        return "LOSS" if low or (self.most is not None and self.ratio > self.most) else "reached"


def value(figures: Figures, key: str, load: str, figure: str) -> float | None:
    """Give the median over the rounds; None if any of them is void or the server failed."""
    server = figures["servers"].get(key, {"failed": "left out"})
    rounds = server.get("loads", {}).get(load, [])
    if "failed" in server or not rounds or any(one["faults"] for one in rounds):
        return None
    return median(one[figure] for one in rounds)


def resident(figures: Figures, key: str, figure: str = "pss_mb") -> float | None:
    """Give the resident memory after the load that left most of it."""
    loads = figures["servers"].get(key, {}).get("loads", {})
    found = [mb for load in loads if (mb := value(figures, key, load, figure)) is not None]
    return max(found, default=None)


def judge(figures: Figures) -> list[Verdict]:
    """Judge every target.

    Parameters
    ----------
    figures : dict
        As `measure_all` found them.

    Returns
    -------
    list of Verdict
    """
    return [*_rates(figures), *_latencies(figures), *_bounds(figures), *_memory(figures)]


def _best(
    figures: Figures, kind: Kind, read: Callable[[str], float | None], choose: Callable[..., tuple[float, str]]
) -> tuple[float | None, str]:
    others = [key for key in figures["servers"] if key != _OWN and key.endswith(f"/{kind}")]
    found = [(number, key) for key in others if (number := read(key)) is not None]
    if not found:
        return None, "nobody"
    number, key = choose(found)
    return number, f"{NAMES[key.split('/')[0]]}, {KINDS[kind]}"


def _rates(figures: Figures) -> Iterator[Verdict]:
    for kind, least in _RATES.items():
        for picture, factor in least.items():
            for count in _CONCURRENCIES:
                load = f"{picture}/{count}"
                best = _best(figures, kind, lambda key, load=load: value(figures, key, load, "rate"), max)
                what = f"requests a second, {picture}, concurrency {count}"
                yield Verdict(what, value(figures, _OWN, load, "rate"), *best, least=factor)


def _latencies(figures: Figures) -> Iterator[Verdict]:
    for kind in _RATES:
        for picture in _BOUND:
            for count in _BUSY:
                load = f"{picture}/{count}"
                best = _best(figures, kind, lambda key, load=load: value(figures, key, load, "p99_ms"), min)
                yield Verdict(
                    f"p99 in ms, {picture}, concurrency {count}", value(figures, _OWN, load, "p99_ms"), *best, most=1
                )


def _bounds(figures: Figures) -> Iterator[Verdict]:
    for picture, least in _BOUND.items():
        bound = median(figures["bound"][picture])
        for count in _BUSY:
            load = f"{picture}/{count}"
            ours, wrk = value(figures, _OWN, load, "rate"), value(figures, _OWN, load, "wrk_cores")
            what = f"requests a second, {picture}, concurrency {count}"
            yield Verdict(what, ours, bound, "bare loop, all cores", least=least)
            if wrk is not None:
                left = bound * (1 - wrk / figures["machine"]["cores"])
                yield Verdict(what, ours, left, "bare loop, what wrk leaves", least=least)


def _memory(figures: Figures) -> Iterator[Verdict]:
    for kind in _RATES:
        best = _best(figures, kind, lambda key: resident(figures, key), min)
        yield Verdict("resident memory in MB", resident(figures, _OWN), *best, most=_MEMORY)
