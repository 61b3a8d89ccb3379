"""The figures of ``signpost evaluate`` as tables: value, 95 % interval, meaning; and every label's mistakes."""

from __future__ import annotations

from typing import Any

from cli.output import console
from signpost.terminal.console import Table, plain

_SHOWN_MISTAKES = 3
_SHARES = {
    "accuracy": ("accuracy", "images whose most probable label is the true one"),
    "review": ("to review", "images that are not routed: below their label's threshold, or unlike the training data"),
    "precision_routed": ("correct when routed", "images with the true label among those that are routed"),
}
_F1 = "mean over the labels of the F1 of precision and recall; 1 is best"
_CALIBRATION = "mean gap between confidence and accuracy, in 15 bins; 0 % is best"


def show_figures(figures: dict[str, Any]) -> None:
    """Print the figures of a model.

    Parameters
    ----------
    figures : dict
        As `training.evaluate.evaluate` returns them.
    """
    table = Table("figure", "value", "95 % interval", "meaning")
    skipped = f"; {len(figures['skipped']):,} more were skipped" if figures["skipped"] else ""
    table.add_row("images", f"{figures['n']:,}", "", f"images that were measured{skipped}")
    for name, (title, meaning) in _SHARES.items():
        low, high = figures[f"{name}_95"]
        value = "–" if figures[name] is None else _percent(figures[name])
        table.add_row(title, value, f"{_percent(low)} to {_percent(high)}", meaning)
    table.add_row("macro F1", f"{figures['macro_f1']:.3f}", "", _F1)
    table.add_row("calibration error", _percent(figures["ece"]), "", _CALIBRATION)
    console.print(table)
    console.print()
    console.print(_labels(figures["labels"], figures["confusion"]))


def _labels(labels: list[str], confusion: list[list[int]]) -> Table:
    table = Table("label", "images", "correct", "taken for")
    for index, (label, row) in enumerate(zip(labels, confusion, strict=True)):
        wrong = sorted(((count, labels[n]) for n, count in enumerate(row) if count and n != index), reverse=True)
        shown = ", ".join(f"{count:,} {plain(name)}" for count, name in wrong[:_SHOWN_MISTAKES])
        rest = sum(count for count, _ in wrong[_SHOWN_MISTAKES:])
        correct = _percent(row[index] / sum(row)) if sum(row) else "–"
        table.add_row(plain(label), f"{sum(row):,}", correct, f"{shown}, {rest:,} others" if rest else shown)
    return table


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
