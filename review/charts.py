"""The charts of the page, each from the figures behind it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from review import figures
from review.drawing import HEIGHT, WIDTH, Bar, Chart, Path
from review.filters import Filter
from signpost.settings.file import Settings
from signpost.settings.hosted import manifest_of

_SHARES = [(0.0, "0 %"), (0.25, "25 %"), (0.5, "50 %"), (0.75, "75 %"), (1.0, "100 %")]
_MOST_TICKS = 5
_MOST_WAYS = 8


def confidence(database: sqlite3.Connection, chosen: Filter, _: Settings) -> Chart:
    """Draw how sure the model was."""
    counts = figures.confidences(database, chosen)
    width, most = 1 / figures.BINS, max(2, *counts)
    most += most % 2  # so that its half is a number of records too
    rows = [(f"{n * width:.0%} to {(n + 1) * width:.0%}", f"{count:,}") for n, count in enumerate(counts)]
    chart = Chart("confidence", "Confidence", "How many answers were how sure.", ("confidence", "records"), rows)
    chart.axes(_SHARES, [(0, "0"), (0.5, f"{most // 2:,}"), (1, f"{most:,}")])
    for number, (name, count) in enumerate(rows):
        left, top = chart.x(number * width) + 1, chart.y(counts[number] / most)
        chart.bars.append(
            Bar(left, top, chart.x((number + 1) * width) - left - 1, chart.y(0) - top, f"{name}: {count}")
        )
    return chart


def ways(database: sqlite3.Connection, chosen: Filter, _: Settings) -> Chart:
    """Draw where pictures went."""
    counts = figures.ways(database, chosen)
    total = sum(counts.values()) or 1
    rows = [(name, f"{count:,}", f"{count / total:.1%}") for name, count in counts.items()]
    chart = Chart("routes", "Routes", "Where pictures went; review and rejected are no routes.", (), rows)
    chart.columns = ("where to", "records", "share")
    shown = list(counts.items())[:_MOST_WAYS]
    slot = 1 / max(len(shown), 1)
    # Names stand below their bars, and several long ones would overlap.
    length = max(4, int(72 * slot))
    chart.axes([((n + 0.5) * slot, _short(name, length)) for n, (name, _) in enumerate(shown)], _SHARES)
    for number, (name, count) in enumerate(shown):
        left, top = chart.x((number + 0.15) * slot), chart.y(count / total)
        width = chart.x((number + 0.85) * slot) - left
        chart.bars.append(Bar(left, top, width, chart.y(0) - top, f"{name}: {count / total:.1%}"))
    return chart


def review_rate(database: sqlite3.Connection, chosen: Filter, _: Settings) -> Chart:
    """Draw the share that a person has to look at, over time."""
    rates = figures.review_rates(database, chosen)
    rows = [(period, f"{share:.1%}", f"{n:,}") for period, (share, n) in rates.items()]
    note = "The share of pictures that the model left to a person, by day or hour (UTC)."
    chart = Chart("review-rate", "Review rate", note, ("when", "for review", "records"), rows)
    _over_time(chart, {period: share for period, (share, _) in rates.items()}, 1.0, _SHARES)
    return chart


def calibration(database: sqlite3.Connection, chosen: Filter, _: Settings) -> Chart:
    """Draw how often the model was right, by how sure it was."""
    bins = figures.reliability(database, chosen)
    rows = [(f"{found.confidence:.1%}", f"{found.right:.1%}", f"{found.n:,}") for found in bins]
    n, error = sum(found.n for found in bins), figures.calibration_error(bins)
    note = (
        f"Of {n:,} reviewed records; the nearer to the diagonal the better. Expected calibration error {error:.1%}."
        if bins
        else "Nothing was reviewed yet."
    )
    chart = Chart("calibration", "Calibration", note, ("confidence", "right", "reviewed"), rows)
    chart.axes(_SHARES, _SHARES)
    chart.paths.append(Path(((chart.x(0), chart.y(0)), (chart.x(1), chart.y(1))), "guide"))
    chart.paths.append(Path(tuple((chart.x(found.confidence), chart.y(found.right)) for found in bins), "data"))
    return chart


def drift(database: sqlite3.Connection, chosen: Filter, settings: Settings) -> Chart:
    """Draw how far the labels have moved from those that the model's manifest expects, over time."""
    name = chosen.classifier or settings.app.default_classifier
    classifier = settings.classifiers.get(name)
    expected = figures.expected_shares(manifest_of(name, classifier)) if classifier and classifier.model else {}
    of_one = chosen.model_copy(update={"classifier": name})
    found = figures.drift(database, of_one, expected) if expected else {}
    rows = [(period, f"{index:.3f}", f"{n:,}") for period, (index, n) in found.items()]
    note = (
        f"Population stability index of {name}'s labels against its manifest; above 0.25 much has changed. "
        f"Periods with fewer than {figures.LEAST_FOR_DRIFT} records are left out."
        if expected
        else f"{name} has no manifest to compare with."
    )
    chart = Chart("drift", "Drift", note, ("when", "index", "records"), rows)
    most = max([0.5, *(index for index, _ in found.values())])
    ticks = [(value / most, f"{value:g}") for value in (0, 0.1, 0.25, round(most, 2))]
    _over_time(chart, {period: index for period, (index, _) in found.items()}, most, ticks)
    return chart


Draw = Callable[[sqlite3.Connection, Filter, Settings], Chart]
CHARTS: dict[str, Draw] = {
    "confidence": confidence,
    "routes": ways,
    "review-rate": review_rate,
    "calibration": calibration,
    "drift": drift,
}
SIZE = (WIDTH, HEIGHT)


def _over_time(chart: Chart, values: dict[str, float], most: float, ticks: list[tuple[float, str]]) -> None:
    periods = list(values)
    places = [(n + 0.5) / len(periods) for n in range(len(periods))]
    step = -(-len(periods) // _MOST_TICKS) or 1
    # Of a day the year is left out, of an hour the day too.
    labels = [f"{period[11:]}:00" if len(period) > 10 else period[5:] for period in periods]
    chart.axes(list(zip(places, labels, strict=True))[::step], ticks)
    points = [(chart.x(x), chart.y(values[period] / most)) for x, period in zip(places, periods, strict=True)]
    chart.paths.append(Path(tuple(points), "data"))


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
