"""Writes a model card from a manifest, so that the two can't disagree."""

from __future__ import annotations

from typing import Any

from signpost.model.manifest import Manifest

_TEMPLATE = """# {name} {version}

Tells {labels} apart in a small picture and says when it is sure of none of them.

{purpose}, where an unsure answer goes to a person. It is not made for anything that may harm people when it is
wrong, nor for finding or recognising people.

- Input: {pixels} RGB pixels, made by `signpost.images.prepare.prepare`; the scaling of values is inside the network.
- Output: one logit for each of {labels}. Divided by the temperature {temperature:.3f} and put through softmax they are
  probabilities.
- A label is routed from this probability on: {thresholds}.
- An energy above {energy} means "none of them". These pictures, and those below their threshold, go to review.
- Network: {parameters:,} parameters; `model.tflite` is {quantisation} LiteRT ({size:,} bytes), `model.keras` is there
  to train on.

## Data

{data}

{archives}{unseen}

{made}

Fingerprint of all pictures, labels and parts: `{fingerprint}`.

## Measured

Figures of `model.tflite` on pictures that were used for nothing else. In brackets: 95 % intervals (Wilson).

| test pictures | n | accuracy | macro F1 | calibration error before → after | to review | right among the routed |
|---|---|---|---|---|---|---|
{known}
{strange}

Temperature, thresholds and the energy threshold were chosen on {validation_n} validation photographs: the threshold of
a label is the lowest that gives {precision:.0%} precision there, the energy threshold keeps {kept:.0%} of them.

| export | bytes | decisions changed | largest shift of a probability | median ms |
|---|---|---|---|---|
{exports}

## Limits

- It learned from {pixels} pixels. What fills little of a large photograph may vanish when that is scaled down.
- {something_else}
{limits}
- Each test set is small: read the intervals, not the last digit.

## Terms

{terms}
"""

_SOMETHING_ELSE = (
    '"Something else" is as wide as the world. The classes that training never saw show what to expect, '
    "not the worst case."
)
_NOTHING_ELSE = "Pictures of something else were neither taught nor measured: its energy says little about them."


def write_card(manifest: Manifest, model_bytes: int) -> str:
    """Write the card.

    Parameters
    ----------
    manifest : Manifest
        With ``metrics`` and ``data`` as `training.build` fills them in.
    model_bytes : int
        Size of ``model.tflite``.

    Returns
    -------
    str
        Markdown.
    """
    metrics, data, strange = manifest.metrics, manifest.data, manifest.out_of_distribution
    return _TEMPLATE.format(
        name=manifest.name,
        version=manifest.version,
        labels=_listed(manifest.labels),
        pixels=f"{manifest.input.width} × {manifest.input.height}",
        temperature=manifest.temperature,
        thresholds=", ".join(f"{label} {threshold:.3f}" for label, threshold in manifest.thresholds.items()),
        energy=f"{strange.threshold:.3f}" if strange else "(none)",
        quantisation=manifest.quantisation,
        parameters=metrics["parameters"],
        size=model_bytes,
        data="\n".join(f"- {source['name']}: {source['used']}" for source in data["sources"]),
        archives=" ".join(_archive(archive) for archive in data["archives"]),
        purpose=data["recipe"]["card"]["purpose"],
        limits="\n".join(f"- {limit}" for limit in data["recipe"]["card"]["limits"]),
        made=_made(manifest),
        unseen=_unseen(data["unseen_classes"]),
        fingerprint=data["fingerprint"],
        known="\n".join(_known(name, figures) for name, figures in metrics["test"].items()),
        strange=_strange_table(metrics["strange"]),
        something_else=_SOMETHING_ELSE if metrics["strange"] else _NOTHING_ELSE,
        exports="\n".join(
            _export(name, figures, manifest.quantisation) for name, figures in metrics["exports"].items()
        ),
        terms="\n".join(f"- {source['name']}: {source['terms']}" for source in data["sources"]),
        **metrics["chosen_for"],
    )


def _listed(labels: list[str]) -> str:
    return " and ".join((", ".join(labels[:-1]), labels[-1]))


def _archive(archive: dict[str, Any]) -> str:
    origin = "the official one" if archive["official"] else "not an official one"
    checksum = f", md5 `{archive['md5']}`, {origin}" if archive["md5"] else ", a folder"
    return f"Data: `{archive['file']}`{checksum}."


def _made(manifest: Manifest) -> str:
    archives, recipe = manifest.data["archives"], manifest.data["recipe"]
    official = all(archive["official"] for archive in archives)
    given = "" if official else " --data FOLDER"
    quick = " --quick" if recipe["shortened"] else ""
    made = f"Made by `signpost train {manifest.name}{given}{quick}`, git revision `{manifest.git_revision}`."
    return made if official else f"{made} Other archives give another model."


def _known(name: str, figures: dict[str, Any]) -> str:
    return (
        f"| {name} | {figures['n']} | {share_text(figures, 'accuracy')} | {figures['macro_f1']:.3f} "
        f"| {figures['ece_before_calibration']:.3f} → {figures['ece']:.3f} | {share_text(figures, 'review')} "
        f"| {share_text(figures, 'precision_routed')} |"
    )


def _unseen(classes: list[str]) -> str:
    return f" Classes that training never saw: {', '.join(classes)}." if classes else ""


def _strange_table(kinds: dict[str, dict[str, Any]]) -> str:
    if not kinds:
        return ""
    rows = "\n".join(_strange(name, figures) for name, figures in kinds.items())
    return f"""
| pictures of something else | n | AUROC of the energy | routed by mistake |
|---|---|---|---|
{rows}"""


def _strange(name: str, figures: dict[str, Any]) -> str:
    return f"| {name} | {figures['n']} | {figures['auroc']:.3f} | {share_text(figures, 'routed_by_mistake')} |"


def _export(name: str, figures: dict[str, Any], shipped: str) -> str:
    return (
        f"| {name}{' (shipped)' if name == shipped else ''} | {figures['bytes']:,} "
        f"| {figures['decisions_changed']:.2%} | {figures['largest_probability_shift']:.3f} "
        f"| {figures['median_ms']:.2f} |"
    )


def share_text(figures: dict[str, Any], name: str) -> str:
    """Write a share with its interval.

    Parameters
    ----------
    figures : dict
        As `signpost.model.metrics.share` makes them.
    name : str

    Returns
    -------
    str
        In per cent; "none" where there were no trials.
    """
    if figures[name] is None:
        return "none"
    low, high = figures[f"{name}_95"]
    return f"{figures[name]:.1%} ({low:.1%} to {high:.1%})"
