"""Trains the vehicle model and writes its package."""

from __future__ import annotations

import platform
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ai_edge_litert
import keras  # pyright: ignore[reportMissingImports] - the training extra
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from signpost.manifest import InputSpec, Manifest, OutOfDistribution
from training.card import write_card
from training.data.cifar import SIDE, read_cifar
from training.export import Export, choose, export_all, keras_file, keras_logits, litert_logits
from training.fit import train
from training.measure import Decider, fit_decider, measure_known, measure_strange
from training.packaging import git_revision, write_package
from training.recipe import Recipe
from training.vehicle.data import LABELS, Pictures, VehicleData, assemble, describe

ROOT = Path(__file__).resolve().parents[2]
_INT8_SAMPLES = 300


def build(archive: Path, out: Path, recipe: Recipe, progress: Callable[[str], None]) -> Manifest:
    """Train, calibrate, export, measure and write the package.

    Parameters
    ----------
    archive : Path
        CIFAR-100 for Python.
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
        If the archive can't be used, or no export is faithful enough to ship.
    """
    keras.utils.set_random_seed(recipe.seed)
    tf.config.experimental.enable_op_determinism()
    data = assemble(read_cifar(archive), recipe, progress)
    model = train(data.train, data.classes, recipe, progress)
    return publish(model, data, archive, out, recipe, progress)


def publish(
    model: keras.Model, data: VehicleData, archive: Path, out: Path, recipe: Recipe, progress: Callable[[str], None]
) -> Manifest:
    """Calibrate, export and measure a trained model and write its package.

    Parameters
    ----------
    model : keras.Model
        From pixels to logits.
    data, archive, out, recipe, progress
        As `build` has them.

    Returns
    -------
    Manifest

    Raises
    ------
    SignpostError
        If no export is faithful enough to ship.
    """
    progress("exporting")
    vehicles = data.validation.photographs
    decider = fit_decider(keras_logits(model, vehicles.images), vehicles.labels, recipe.precision, recipe.kept)
    exports = export_all(model, decider, _samples(data, recipe), _all_pictures(data.validation))
    shipped = choose(exports)
    progress(f"measuring the {shipped.quantisation} export")
    logits = litert_logits(shipped.model, vehicles.images)
    decider = fit_decider(logits, vehicles.labels, recipe.precision, recipe.kept)
    metrics = {
        "parameters": model.count_params(),
        "chosen_for": {"validation_n": len(logits), "precision": recipe.precision, "kept": recipe.kept},
        **_test(data, shipped, decider),
        "exports": {export.quantisation: export.summary() for export in exports},
    }
    manifest = _manifest(shipped, decider, metrics, describe(data, archive), recipe)
    write_package(out, manifest, shipped.model, keras_file(model), write_card(manifest, len(shipped.model)))
    for name, figures in metrics["test"].items():
        progress(f"{name}: {figures['accuracy']:.1%} of {figures['n']} right, {figures['review']:.1%} to review")
    progress(f"wrote {out}")
    return manifest


def _samples(data: VehicleData, recipe: Recipe) -> NDArray[np.uint8]:
    """Choose training pictures that show int8 conversion what values occur."""
    pictures = _all_pictures(data.train)
    return pictures[np.random.default_rng(recipe.seed).permutation(len(pictures))[:_INT8_SAMPLES]]


def _all_pictures(part: Pictures) -> NDArray[np.uint8]:
    return np.concatenate([split.images for split in vars(part).values()])


def _test(data: VehicleData, shipped: Export, decider: Decider) -> dict[str, Any]:
    """Measure the file that ships on the test part, once."""
    test = data.test

    def known(part: str) -> dict[str, Any]:
        split = getattr(test, part)
        return measure_known(litert_logits(shipped.model, split.images), split.labels, decider)

    def strange(part: str) -> dict[str, Any]:
        return measure_strange(litert_logits(shipped.model, getattr(test, part).images), decider)

    return {
        "test": {"CIFAR-100 photographs": known("photographs"), "drawn pictures": known("drawings")},
        "strange": {
            "photographs of classes seen as outliers": strange("photographed_outliers"),
            "photographs of classes never seen": strange("unseen_outliers"),
            "drawn pictures": strange("drawn_outliers"),
        },
    }


def _manifest(
    shipped: Export, decider: Decider, metrics: dict[str, Any], data: dict[str, Any], recipe: Recipe
) -> Manifest:
    now = datetime.now(UTC).replace(microsecond=0)
    return Manifest(
        name="vehicle",
        version=f"{now:%Y%m%d.%H%M%S}",
        labels=list(LABELS),
        input=InputSpec(width=SIDE, height=SIDE),
        temperature=round(decider.temperature, 6),
        thresholds={label: float(t) for label, t in zip(LABELS, decider.thresholds.round(6), strict=True)},
        out_of_distribution=OutOfDistribution(threshold=round(decider.energy_threshold, 6)),
        quantisation=shipped.quantisation,
        metrics=metrics,
        data=data | {"recipe": recipe.model_dump()},
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
