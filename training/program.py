"""The training program: from archives to a package. The same in one process, in many, and in a SageMaker container."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras  # pyright: ignore[reportMissingImports] - the training extra
import numpy as np
import tensorflow as tf

from signpost.errors import DatasetError
from signpost.model.evaluation import EvaluationSet
from signpost.model.manifest import Manifest
from training.build import ship
from training.course import Evaluation, prepare_course
from training.data.parts import TrainingData, assemble
from training.data.pictures import Dataset
from training.distribution import strategy
from training.distribution.checkpoints import Checkpoints
from training.networks import inference_model
from training.networks.photographs import IMAGENET, imagenet_weights
from training.precision import use_fastest_precision
from training.recipe import Recipe


@dataclass(frozen=True)
class Run:
    """What to train, from what, and where everything goes.

    Attributes
    ----------
    recipe : Recipe
    archive : Path
        What has the labels.
    related : list of Path
        Archives of the related classes.
    out : Path
        Folder of the package.
    strategy : str
        See `training.distribution`.
    checkpoints : Path or None
        Folder to save to while it runs and to go on from.
    weights : Path or None
        File to start a network of photographs from; ``imagenet`` downloads one.
    evaluation : Path or None
        Where the untouched test pictures go, for others to measure by.
    corrected : callable or None
        Given the labels, reads captured images that people corrected, to train on too.
    history : Path or None
        Where each evaluation on the way goes, one JSON object a line.
    """

    recipe: Recipe
    archive: Path
    related: list[Path]
    out: Path
    strategy: str = "single"
    checkpoints: Path | None = None
    weights: Path | None = None
    evaluation: Path | None = None
    history: Path | None = None
    corrected: Callable[[tuple[str, ...]], Dataset] | None = None


def run(task: Run, progress: Callable[[str], None]) -> Manifest | None:
    """Train, calibrate, export, measure and write the package.

    Parameters
    ----------
    task : Run
    progress : callable
        Told what is going on, one line at a time.

    Returns
    -------
    Manifest or None
        None in a process that only helps another one.

    Raises
    ------
    SignpostError
        If an archive can't be used, or no export is faithful enough to ship.
    """
    recipe = task.recipe
    teach = strategy(task.strategy)
    keras.utils.set_random_seed(recipe.seed)
    if task.strategy == "single":
        tf.config.experimental.enable_op_determinism()
    progress(f"computing in {use_fastest_precision()}")
    data = assemble(task.archive, task.related, recipe, progress, task.corrected)
    with tempfile.TemporaryDirectory() as folder:
        weights = _first_weights(task, Path(folder), progress)
        course = prepare_course(data, recipe, progress, _recorder(task.history), task.checkpoints, weights)
        trained = teach(course)
        if trained is None:
            return None
        checkpoints = Checkpoints(task.checkpoints, course, progress) if task.checkpoints else None
    model = inference_model(trained, recipe, course.labels, course.classes)
    manifest = ship(model, data, [task.archive, *task.related], task.out, recipe, progress)
    if task.evaluation:
        _evaluation_set(data).write(task.evaluation)
    if checkpoints:
        checkpoints.complete()
    return manifest


def _first_weights(task: Run, folder: Path, progress: Callable[[str], None]) -> Path | None:
    kind, why = task.recipe.network.kind, "no --weights were given"
    if kind == "residual":
        return None
    if task.weights == IMAGENET:
        try:
            return imagenet_weights(kind, folder)
        except DatasetError as error:
            why = str(error)
    elif task.weights:
        return task.weights
    progress(f"{kind} starts from random weights: {why}")
    return None


def _recorder(path: Path | None) -> Callable[[Evaluation], None]:
    def record(evaluation: Evaluation) -> None:
        if path:
            with path.open("a") as file:
                file.write(json.dumps(dataclasses.asdict(evaluation)) + "\n")

    return record


def _evaluation_set(data: TrainingData) -> EvaluationSet:
    test = data.test
    strange = [test.photographed_outliers.images, test.unseen_outliers.images, test.drawn_outliers.images]
    return EvaluationSet(data.labels, test.photographs.images, test.photographs.labels, np.concatenate(strange))
