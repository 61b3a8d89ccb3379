"""The plots of the report, as SVG that takes its colours from the page."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from html import escape
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.compare.intervals import Estimate
from training.compare.plan import Plan
from training.compare.series import Series, series_of_run
from training.compare.summary import Summary

# Stand-ins that `_svg` turns into the page's colours, readable in light and in dark.
_INK = "#010203"
_COLOURS = ("#010101", "#020202", "#030303", "#040404", "#050505", "#060606")
_STYLES, _MARKERS = ("-", "--", "-.", ":"), ("o", "s", "^", "D")
_SETTINGS: Any = {
    "svg.fonttype": "none",
    "font.size": 10,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "legend.frameon": False,
}


def plot_means(summaries: Sequence[Summary], alt: str) -> str:
    """Plot wall time and accuracy: every run, the mean and its interval.

    Parameters
    ----------
    summaries : sequence of Summary
    alt : str
        What the plot shows, for those who don't see it.

    Returns
    -------
    str
        An ``<svg>`` element.
    """
    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=(9, 0.9 + 0.5 * len(summaries)), layout="constrained")
        time, quality = figure.subplots(1, 2, sharey=True)
        for row, one in enumerate(summaries):
            _spread(time, row, [run.usage.wall_seconds for run in one.runs], one.wall_seconds)
            _spread(quality, row, [100 * run.quality.accuracy for run in one.runs], one.accuracy.times(100))
        time.set(xlabel="wall time of a run, s", xlim=(0, None), yticks=range(len(summaries)))
        time.set_yticklabels([one.strategy for one in summaries])
        time.set_ylim(len(summaries) - 0.5, -0.5)
        quality.set(xlabel="accuracy on the test part, %")
        return _svg(figure, alt)


def plot_accuracy(summaries: Sequence[Summary], target: float, alt: str) -> str:
    """Plot accuracy on validation over training time, a line for each run.

    Parameters
    ----------
    summaries : sequence of Summary
    target : float
    alt : str
        What the plot shows, for those who don't see it.

    Returns
    -------
    str
        An ``<svg>`` element.
    """
    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=(9, 4), layout="constrained")
        axes = figure.subplots()
        for number, one in enumerate(summaries):
            for run in one.runs:
                axes.plot(
                    [evaluation.seconds for evaluation in run.quality.judged],
                    [100 * evaluation.accuracy for evaluation in run.quality.judged],
                    color=_COLOURS[number % len(_COLOURS)],
                    linestyle=_STYLES[number % len(_STYLES)],
                    marker=_MARKERS[number % len(_MARKERS)],
                    markersize=4,
                    linewidth=1.4,
                    label=one.strategy if run is one.runs[0] else None,
                )
        axes.axhline(100 * target, color=_INK, linewidth=0.8, linestyle=(0, (1, 3)))
        axes.annotate(
            f"target {target:.0%}", (1, 100 * target), xycoords=("axes fraction", "data"), ha="right", va="bottom"
        )
        axes.set(xlabel="training time, s", ylabel="accuracy on validation, %", xlim=(0, None))
        figure.legend(loc="outside upper left", ncols=len(summaries))
        return _svg(figure, alt)


def plot_usage(plan: Plan, summaries: Sequence[Summary], alt: str) -> str:
    """Plot CPU, memory and network over time for the first finished run of each strategy.

    Parameters
    ----------
    plan : Plan
    summaries : sequence of Summary
    alt : str
        What the plot shows, for those who don't see it.

    Returns
    -------
    str
        An ``<svg>`` element.
    """
    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=(2.6 + 2.2 * len(summaries), 7), layout="constrained")
        grid = figure.subplots(3, len(summaries), sharex="all", sharey="row", squeeze=False)
        for column, one in enumerate(summaries):
            series = series_of_run(plan, one.strategy, one.runs[0].repeat)
            _usage_column([axes[column] for axes in grid], series)
            grid[0][column].set_title(f"{one.strategy}, repeat {one.runs[0].repeat}", pad=34)
            grid[2][column].set_xlabel("time since start, s")
        for axes, label in zip(
            grid[:, 0], ("CPU, cores in use", "resident memory, GiB", "loopback, MiB/s"), strict=True
        ):
            axes.set_ylabel(label)
            axes.set_ylim(0, None)
        return _svg(figure, alt)


def _usage_column(rows: Sequence[Axes], series: Series) -> None:
    cores, memory, network = rows
    for number, (name, values) in enumerate(series.cores.items()):
        colour, style = _COLOURS[number % len(_COLOURS)], _STYLES[number % len(_STYLES)]
        cores.plot(series.seconds, values, color=colour, linestyle=style, linewidth=1.2, label=name)
        memory.plot(series.seconds, series.gibibytes[name], color=colour, linestyle=style, linewidth=1.2)
    network.plot(series.seconds, series.mebibytes_per_second, color=_INK, linewidth=1.2)
    cores.legend(
        loc="lower left", bbox_to_anchor=(-0.03, 0.98), fontsize=8, ncols=2, handlelength=1.6, columnspacing=0.8
    )


def _spread(axes: Axes, row: int, values: Sequence[float], found: Estimate) -> None:
    colour = _COLOURS[row % len(_COLOURS)]
    if found.low is not None and found.high is not None:
        axes.plot([found.low, found.high], [row, row], color=colour, linewidth=2)
    axes.plot([found.mean], [row], marker="|", markersize=16, markeredgewidth=2, color=colour)
    axes.plot(values, [row] * len(values), "o", markersize=5, color="none", markeredgecolor=colour)


def _svg(figure: Figure, alt: str) -> str:
    file = io.StringIO()
    # A salt of its own keeps the ids of one plot apart from those of another on the same page.
    with mpl.rc_context({"svg.hashsalt": alt}):
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = re.sub(r"^.*?(?=<svg)", "", file.getvalue(), count=1, flags=re.DOTALL)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    for number, colour in enumerate(_COLOURS):
        svg = svg.replace(colour, f"var(--series-{number})")
    svg = re.sub(r' (?:width|height)="[\d.]+pt"', "", svg.replace(_INK, "currentColor"), count=2)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{escape(alt)}" ', 1)
