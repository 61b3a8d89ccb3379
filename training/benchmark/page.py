"""Writes ``docs/results.md`` from what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from training.card import share_text

_HEAD = """# Results

Every figure on this page was measured by the command beside it; `docs/results.json` holds them all. Nothing was run on
AWS. In brackets: 95 % intervals (Wilson). A timing is of one run.
"""


def write_page(results: dict[str, Any], page: Path) -> None:
    """Write the page.

    Parameters
    ----------
    results : dict
        ``accuracy`` by recipe, ``pipeline`` and ``memory``, each as far as it was measured.
    page : Path
    """
    parts = [_HEAD]
    if accuracy := results.get("accuracy"):
        parts += [_accuracy(accuracy), _strange(accuracy)]
    if pipeline := results.get("pipeline"):
        parts.append(_pipeline(pipeline))
    if memory := results.get("memory"):
        parts.append(_memory(memory))
    page.write_text("\n".join(parts))


_COLUMNS = (
    "recipe",
    "trained on",
    "test n",
    "accuracy",
    "macro F1",
    "calibration error before → after",
    "to review",
    "right among the routed",
    "parameters",
    "minutes",
    "peak MB",
    "revision",
)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _accuracy(results: dict[str, Any]) -> str:
    rows = [
        f"| {recipe} | {r['train_n']:,} | {r['test']['n']:,} | {share_text(r['test'], 'accuracy')} "
        f"| {r['test']['macro_f1']:.3f} | {r['test']['ece_before_calibration']:.3f} → {r['test']['ece']:.3f} "
        f"| {share_text(r['test'], 'review')} | {share_text(r['test'], 'precision_routed')} | {r['parameters']:,} "
        f"| {r['seconds'] / 60:.1f} | {r['peak_mb']:,} | `{r['git_revision'][:12]}` |"
        for recipe, r in sorted(results.items())
    ]
    made = "".join(
        f"- `{recipe}`: `make benchmark-training DATA=folder WHAT={recipe}`, {_machine(r['machine'])}"
        f"{'' if r['official'] else ', from archives that are smaller than the official ones'}.\n"
        for recipe, r in sorted(results.items())
    )
    return f"""## Accuracy on pictures that training never saw

Figures of the `model.tflite` that ships, on photographs that were used for nothing else.

{_row(_COLUMNS)}
{_row(("---",) * len(_COLUMNS))}
{chr(10).join(rows)}

{made}"""


def _strange(results: dict[str, Any]) -> str:
    rows = [
        f"| {recipe} | {kind} | {r['n']:,} | {r['auroc']:.3f} | {share_text(r, 'routed_by_mistake')} |"
        for recipe, figures in sorted(results.items())
        for kind, r in figures["strange"].items()
    ]
    if not rows:
        return ""
    return f"""## Pictures that belong to no label

AUROC: how well the energy alone tells them from the recipe's own test photographs; 0.5 is chance, 1 perfect.

| recipe | pictures | n | AUROC | routed by mistake |
|---|---|---|---|---|
{chr(10).join(rows)}
"""


def _pipeline(r: dict[str, Any]) -> str:
    return f"""## Input pipeline

Pictures a second of the vehicle recipe's pretraining in {r["precision"]}, medians, measured in turn in one run by
`make benchmark-training DATA=folder WHAT=pipeline`, {_machine(r["machine"])}.

| batches alone | steps alone | together | share of the time that steps alone would take |
|---|---|---|---|
| {r["batches"]:,} | {r["steps"]:,} | {r["together"]:,} | {r["busy"]:.0%} |
"""


def _memory(r: dict[str, Any]) -> str:
    return f"""## Memory

Training the vehicle recipe's quick form on {r["pictures"]:,} pictures of noise, as many as CIFAR-100 and CIFAR-10 have:
{r["peak_mb"]:,} MB at the most, by `make benchmark-training DATA=folder WHAT=memory`, {_machine(r["machine"])}.
"""


def _machine(machine: dict[str, Any]) -> str:
    return (
        f"{machine['processor']}, {machine['cores']} cores, Python {machine['python']}, {machine['libraries']}, "
        f"{machine['date']}"
    )
