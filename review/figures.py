"""The figures behind the charts, counted in the index."""

from __future__ import annotations

import math
import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from review.filters import Filter
from signpost.model.manifest import Manifest

BINS = 20
CALIBRATION_BINS = 10
# Of 20 records from an unchanged source the index is about 0.05 already, by chance alone.
LEAST_FOR_DRIFT = 20
_DAY, _HOUR = 10, 13  # characters of an ISO time


@dataclass(frozen=True)
class Reliability:
    """Reviewed records of similar confidence: how sure the model was on average, and how often it was right."""

    confidence: float
    right: float
    n: int


def confidences(database: sqlite3.Connection, chosen: Filter) -> list[int]:
    """Count records by confidence, in bins of equal width."""
    found = _group(database, chosen, f"min(cast(confidence * {BINS} AS INTEGER), {BINS - 1})", "label IS NOT NULL")
    return [found.get(number, 0) for number in range(BINS)]


def ways(database: sqlite3.Connection, chosen: Filter) -> dict[str, int]:
    """Count records by route, or by outcome where they have none; the most frequent first."""
    found = _group(database, chosen, "coalesce(route, outcome, 'not known')")
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))


def review_rates(database: sqlite3.Connection, chosen: Filter) -> dict[str, tuple[float, int]]:
    """Give the share of records for review, and their number, by day or hour."""
    condition, values = chosen.where()
    when = f"substr(time, 1, {_period(database, chosen)})"
    rows = database.execute(
        f"SELECT {when}, avg(outcome = 'review'), count(*) FROM records "  # noqa: S608 - this module's own text
        f"WHERE {condition} AND outcome IS NOT NULL GROUP BY 1 ORDER BY 1",
        values,
    )
    return {period: (share, n) for period, share, n in rows}


def reliability(database: sqlite3.Connection, chosen: Filter) -> list[Reliability]:
    """Compare confidence with truth on the records that people reviewed, in bins of equal width (Guo et al. 2017)."""
    condition, values = chosen.where()
    rows = database.execute(
        f"SELECT avg(confidence), avg(truth = label), count(*) FROM records "  # noqa: S608
        f"WHERE {condition} AND truth IS NOT NULL AND label IS NOT NULL "
        f"GROUP BY min(cast(confidence * {CALIBRATION_BINS} AS INTEGER), {CALIBRATION_BINS - 1}) ORDER BY 1",
        values,
    )
    return [Reliability(*row) for row in rows]


def calibration_error(bins: list[Reliability]) -> float:
    """Give the expected calibration error: the mean distance of confidence and truth, weighted by records."""
    total = sum(found.n for found in bins)
    return sum(found.n * abs(found.confidence - found.right) for found in bins) / total if total else math.nan


def drift(database: sqlite3.Connection, chosen: Filter, expected: Mapping[str, float]) -> dict[str, tuple[float, int]]:
    """Give the population stability index of the labels, and the number of records, by day or hour.

    Periods with fewer than `LEAST_FOR_DRIFT` records are left out.
    """
    condition, values = chosen.where()
    when = f"substr(time, 1, {_period(database, chosen)})"
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    for period, label, n in database.execute(
        f"SELECT {when}, label, count(*) FROM records WHERE {condition} AND label IS NOT NULL "  # noqa: S608
        "GROUP BY 1, 2 ORDER BY 1",
        values,
    ):
        counts[period][label] = n
    return {
        period: (stability_index(found, expected), n)
        for period, found in counts.items()
        if (n := sum(found.values())) >= LEAST_FOR_DRIFT
    }


def stability_index(counts: Mapping[str, int], expected: Mapping[str, float]) -> float:
    """Compare a distribution with the expected one: the sum of (a - e) × ln(a / e).

    Half a record is added to each label, so that one that never occurs does not make it infinite. Below 0.1 nothing has
    changed, above 0.25 much has (Siddiqi 2006, Credit Risk Scorecards).
    """
    labels = expected.keys() | counts.keys()
    total = sum(counts.values()) + 0.5 * len(labels)
    index = 0.0
    for label in labels:
        actual = (counts.get(label, 0) + 0.5) / total
        wanted = max(expected.get(label, 0.0), 0.5 / total)
        index += (actual - wanted) * math.log(actual / wanted)
    return index


def expected_shares(manifest: Manifest) -> dict[str, float]:
    """Give the share of each label among the model's own answers on its validation pictures; empty if it has none."""
    confusion = manifest.metrics.get("validation", {}).get("confusion", [])
    counts = [sum(column) for column in zip(*confusion, strict=True)]
    if len(counts) != len(manifest.labels) or not sum(counts):
        return {}
    return {label: count / sum(counts) for label, count in zip(manifest.labels, counts, strict=True)}


def _group(database: sqlite3.Connection, chosen: Filter, value: str, more: str = "1") -> dict[Any, int]:
    condition, values = chosen.where()
    statement = f"SELECT {value}, count(*) FROM records WHERE {condition} AND {more} GROUP BY 1"  # noqa: S608
    return dict(map(tuple, database.execute(statement, values)))


def _period(database: sqlite3.Connection, chosen: Filter) -> int:
    condition, values = chosen.where()
    days = f"SELECT julianday(max(time)) - julianday(min(time)) FROM records WHERE {condition}"  # noqa: S608
    return _DAY if (database.execute(days, values).fetchone()[0] or 0) > 2 else _HOUR
