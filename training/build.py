"""Turns a trained network into a package: calibrated, exported, measured."""

from __future__ import annotations

import platform
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import ai_edge_litert
import keras  # pyright: ignore[reportMissingImports] - the training extra
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from signpost.model.manifest import InputSpec, Manifest, OutOfDistribution
from training.card import write_card
from training.data.describe import describe
from training.data.parts import TrainingData
from training.export import Export, choose, export_all, keras_file, litert_logits
from training.measure import fit_decider, measure_known, measure_strange
from training.packaging import git_revision, write_package
from training.recipe import Recipe

ROOT = Path(__file__).resolve().parents[1]
_INT8_SAMPLES = 300
_KNOWN = {"photographs": "photographs", "drawn pictures": "drawings"}
_STRANGE = {
    "photographs of classes seen as outliers": "photographed_outliers",
    "photographs of classes never seen": "unseen_outliers",
    "drawn pictures": "drawn_outliers",
}


def ship(
    model: keras.Model,
    data: TrainingData,
    archives: list[Path],
    out: Path,
    recipe: Recipe,
    progress: Callable[[str], None],
) -> Manifest:
    """Calibrate, export, measure and write the package.

    Parameters
    ----------
    model : keras.Model
        From pixels to one logit a label.
    data : TrainingData
        What it was trained on.
    archives : list of Path
        What the data was read from.
    out : Path
        Folder of the package.
    recipe : Recipe
    progress : callable
        Told what is going on, one line at a time.

    Returns
    -------
    Manifest

    Raises
    ------
    SignpostError
        If no export is faithful enough to ship.
    """
    progress("exporting")
    shipped, metrics = _export(model, data, recipe)
    progress(f"measuring the {shipped.quantisation} export")
    metrics |= _test(data, shipped)
    manifest = _manifest(data, shipped, metrics, describe(data, archives, recipe), recipe)
    write_package(out, manifest, shipped.model, keras_file(model), write_card(manifest, len(shipped.model)))
    for kind, figures in metrics["test"].items():
        progress(f"{kind}: {figures['accuracy']:.1%} of {figures['n']} right, {figures['review']:.1%} to review")
    progress(f"wrote {out}")
    return manifest


def _export(model: keras.Model, data: TrainingData, recipe: Recipe) -> tuple[Export, dict[str, Any]]:
    """Choose an export, and temperature and thresholds for it, on validation."""
    known = data.validation.photographs
    fit = partial(fit_decider, truth=known.labels, precision=recipe.precision, kept=recipe.kept)
    strange = np.concatenate([split.images for split in vars(data.validation).values() if split is not known])
    exports = export_all(model, fit, _samples(data, recipe), known.images, strange)
    shipped = choose(exports)
    return shipped, {
        "parameters": model.count_params(),
        "chosen_for": {"validation_n": len(known.labels), "precision": recipe.precision, "kept": recipe.kept},
        "validation": measure_known(litert_logits(shipped.model, known.images), known.labels, shipped.decider),
        "exports": {export.quantisation: export.summary() for export in exports},
    }


def _samples(data: TrainingData, recipe: Recipe) -> NDArray[np.uint8]:
    """Choose training pictures that show int8 conversion what values occur."""
    pictures = np.concatenate([split.images for split in vars(data.train).values()])
    return pictures[np.random.default_rng(recipe.seed).permutation(len(pictures))[:_INT8_SAMPLES]]


def _test(data: TrainingData, shipped: Export) -> dict[str, Any]:
    """Measure the file that ships on the test part, once."""
    logits = {
        group: litert_logits(shipped.model, split.images) for group, split in vars(data.test).items() if len(split)
    }
    familiar = logits["photographs"]
    return {
        "test": {
            title: measure_known(logits[group], getattr(data.test, group).labels, shipped.decider)
            for title, group in _KNOWN.items()
            if group in logits
        },
        "strange": {
            title: measure_strange(logits[group], familiar, shipped.decider)
            for title, group in _STRANGE.items()
            if group in logits
        },
    }


def _manifest(
    data: TrainingData,
    shipped: Export,
    metrics: dict[str, Any],
    described: dict[str, Any],
    recipe: Recipe,
) -> Manifest:
    decider = shipped.decider
    now = datetime.now(UTC).replace(microsecond=0)
    return Manifest(
        name=recipe.name,
        version=f"{now:%Y%m%d.%H%M%S}",
        labels=list(data.labels),
        input=InputSpec(width=recipe.data.width, height=recipe.data.height),
        temperature=round(decider.temperature, 6),
        thresholds={label: float(t) for label, t in zip(data.labels, decider.thresholds.round(6), strict=True)},
        out_of_distribution=OutOfDistribution(threshold=round(decider.energy_threshold, 6)),
        quantisation=shipped.quantisation,
        metrics=metrics,
        data=described | {"recipe": recipe.model_dump(mode="json")},
        git_revision=git_revision(ROOT),
        versions={
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "ai-edge-litert": ai_edge_litert.__version__,
            "numpy": np.__version__,
        },
        created=now,
        files={},
    )
