"""Measures a model package on pictures with known labels. Needs no TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track

from signpost.errors import DatasetError, PictureError
from signpost.model.evaluation import measure_predictions
from signpost.model.package import Package
from signpost.model.predictor import Predictor, interpret
from signpost.routing.contracts import Prediction
from signpost.terminal.console import make_console
from training.data.decode import prepare_file
from training.data.folders import LabelledPictures, Skipped, open_pictures


def evaluate(package: Package, source: Path) -> dict[str, Any]:
    """Measure a package the way that routing uses it: pictures prepared and predicted by the core's own functions.

    Parameters
    ----------
    package : Package
    source : Path
        A folder or archive, see `training.data.folders.open_pictures`.

    Returns
    -------
    dict
        See `signpost.model.evaluation.measure_predictions`; also ``labels``, and ``skipped`` (one line a file: its
        name and the reason).

    Raises
    ------
    DatasetError
        If the source can't be used, has labels that the model doesn't know, or no picture that can be read.
    """
    labels = package.manifest.labels
    pictures = open_pictures(source, labels)
    truth, found = _predict(Predictor(package), pictures)
    if not truth:
        raise DatasetError(f"none of the pictures in {source} can be read; {pictures.skipped[0]}")
    figures = measure_predictions(labels, np.array(truth, np.int64), found)
    return figures | {"labels": labels, "skipped": [str(entry) for entry in pictures.skipped]}


def _predict(predictor: Predictor, pictures: LabelledPictures) -> tuple[list[int], list[Prediction]]:
    spec, labels = predictor.manifest.input, predictor.manifest.labels
    truth: list[int] = []
    found: list[Prediction] = []
    console = make_console(stderr=True)
    shown = track(pictures.pictures, "measuring", console=console, transient=True, disable=not console.is_terminal)
    for label, name, content in shown:
        try:
            pixels = prepare_file(content, spec.width, spec.height)
        except PictureError as error:
            pictures.skipped.append(Skipped(name, error.message))
            continue
        found.append(interpret(predictor.logits(pixels), predictor.manifest))
        truth.append(labels.index(label))
    return truth, found
