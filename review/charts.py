"""The charts of the page, each from the figures behind it."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta

from review import figures
from review.drawing import HEIGHT, WIDTH, Bar, Chart, Path
from review.filters import Filter
from signpost.settings.file import Settings
from signpost.settings.hosted import manifest_of

_SHARES = [(0.0, "0 %"), (0.25, "25 %"), (0.5, "50 %"), (0.75, "75 %"), (1.0, "100 %")]
_MOST_TICKS, _MOST_STEPS = 5, 5
_UNITS = ((1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "k"))
_DAY = 10  # characters of a day's ISO form
_MOST_WAYS = 8


def confidence(database: sqlite3.Connection, chosen: Filter, _: Settings) -> Chart:
    """Draw how sure the model was."""
    counts = figures.confidences(database, chosen)
    width, (most, ticks) = 1 / figures.BINS, axis(max(counts), least_step=1)
    rows = [(f"{n * width:.0%} to {(n + 1) * width:.0%}", f"{count:,}") for n, count in enumerate(counts)]
    chart = Chart("confidence", "Confidence", "How many answers were how sure.", ("confidence", "records"), rows)
    if not any(counts):
        return _empty(chart, "No record has an answer of a model.")
    chart.axes(_SHARES, ticks, "confidence")
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
    if not counts:
        return _empty(chart, "There are no records.")
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
    if not rates:
        return _empty(chart, "No record has an outcome.")
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
        else "How often the model was right, by its confidence."
    )
    chart = Chart("calibration", "Calibration", note, ("confidence", "right", "reviewed"), rows)
    if not bins:
        return _empty(chart, "No record was reviewed yet.")
    chart.axes(_SHARES, _SHARES, "confidence")
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
    if not found:
        return _empty(chart, f"No period has {figures.LEAST_FOR_DRIFT} records of {name}." if expected else note)
    most, ticks = axis(max(0.4, *(index for index, _ in found.values())))
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


def _empty(chart: Chart, text: str) -> Chart:
    """Say why there is nothing to draw."""
    chart.rows = []
    chart.say(text)
    return chart


def axis(most: float, least_step: float = 0.0) -> tuple[float, list[tuple[float, str]]]:
    """Choose the end of an axis that begins at 0, and its ticks: multiples of 1, 2 or 5 times a power of ten.

    Parameters
    ----------
    most : float
        The largest value.
    least_step : float
        Between two ticks, for instance 1 for whole numbers.

    Returns
    -------
    float
        The value at the end of the axis.
    list of (float, str)
        Share of the axis and label of each tick.
    """
    power = 10.0 ** math.floor(math.log10(max(most, least_step, 1e-3))) / 10
    steps = [factor * power * scale for scale in (1, 10) for factor in (1, 2, 5)]
    step = max(least_step, next(step for step in steps if most <= _MOST_STEPS * step))
    count = max(1, math.ceil(most / step - 1e-9))
    return step * count, [(number / count, _compact(number * step)) for number in range(count + 1)]


def _compact(value: float) -> str:
    size, unit = next(((size, unit) for least, size, unit in _UNITS if value >= least), (1.0, ""))
    return f"{value / size:g}{unit}"


def _over_time(chart: Chart, values: dict[str, float], most: float, ticks: list[tuple[float, str]]) -> None:
    """Draw a line over time; an axis begins and ends with a whole period."""
    times = {period: datetime.fromisoformat(f"{period}:00" if len(period) > _DAY else period) for period in values}
    one = timedelta(hours=1) if max(map(len, times)) > _DAY else timedelta(days=1)
    first, span = min(times.values()), max(times.values()) - min(times.values()) + one
    places = {period: (time - first + one / 2) / span for period, time in times.items()}
    chart.axes(_time_ticks(first, span, one), ticks, "time (UTC)")
    points = [(chart.x(places[period]), chart.y(value / most)) for period, value in values.items()]
    chart.paths.append(Path(tuple(points), "data"))


def _time_ticks(first: datetime, span: timedelta, one: timedelta) -> list[tuple[float, str]]:
    """Label some periods of an axis: with the day, or with the hour and at midnight the day."""
    by_hour = one < timedelta(days=1)
    step, offset = one * max(1, math.ceil(span / one / _MOST_TICKS)), timedelta()
    if by_hour:  # hours that divide a day, and begin with it
        step = next((s for hours in (1, 2, 3, 6, 12) if (s := timedelta(hours=hours)) >= step), timedelta(days=1))
        offset = -timedelta(hours=first.hour) % step
    found = list[tuple[float, str]]()
    while offset < span:
        time = first + offset
        day, hour = f"{time.day} {time:%b}", f"{time:%H}:00"
        shown = day if not by_hour or not time.hour else hour if found else f"{day} {hour}"
        found.append(((offset + one / 2) / span, shown))
        offset += step
    return found


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
