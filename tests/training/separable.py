"""A course that a tiny network learns in a second, and a program that takes it: noise, half of it reddish.

Run as ``python separable.py STRATEGY STEPS CHECKPOINTS WEIGHTS``, or with ``launch WORKERS`` before that.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from training.course import Course, Evaluation
from training.data.pictures import NO_CLASS, Split
from training.distribution import strategy
from training.distribution.launch import launch
from training.lessons import Lesson, Source
from training.recipe import Augmentation, BatchShares, Card, Data, FineTuning, Recipe, Residual


def make_recipe(steps: int, patience: int | None = None) -> Recipe:
    return Recipe(
        name="separable",
        seed=5,
        weight_decay=1e-4,
        ema=0.9,
        card=Card(purpose="", source="", terms="", limits=()),
        data=Data(archive="none", validation_share=0.2, width=16, height=16),
        network=Residual(widths=(8,)),
        augmentation=Augmentation(hole=0),
        fine_tuning=FineTuning(
            steps=steps, peak_learning_rate=0.05, batch=BatchShares(photographs=16), patience=patience
        ),
    )


def make_pictures(seed: int, count: int = 64) -> Split:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, count)
    images = rng.integers(0, 120, (count, 16, 16, 3)).astype(np.uint8)
    images[labels == 1, :, :, 0] += 100
    return Split(images, labels)


def make_course(
    recipe: Recipe,
    checkpoints: Path | None = None,
    progress: Callable[[str], None] = lambda _line: None,
    evaluated: Callable[[Evaluation], None] = lambda _evaluation: None,
    seed: int = 0,
    names: tuple[str, ...] = ("first", "second"),
) -> Course:
    train = make_pictures(seed)
    source = Source(train.images, train.labels, np.full_like(train.labels, NO_CLASS), 16)
    lessons = [
        Lesson(name, recipe.fine_tuning, (source,), (2, 0), (1.0, 0.0), recipe.augmentation, number)
        for number, name in enumerate(names)
    ]
    return Course(
        recipe=recipe,
        lessons=tuple(lessons),
        labels=2,
        classes=0,
        class_of_label=np.arange(2),
        validation=make_pictures(99),
        checkpoints=checkpoints,
        weights=None,
        progress=progress,
        evaluated=evaluated,
    )


def accuracy(weights: list[np.ndarray]) -> float:
    course = make_course(make_recipe(1))
    model = course.make_model()
    model.set_weights(weights)
    return course.accuracy(model, course.lessons[0])


def read_weights(path: Path) -> list[np.ndarray]:
    with np.load(path) as file:
        return [file[name] for name in file.files]


def main(name: str, steps: str, checkpoints: str, weights: str) -> None:
    if name == "single":
        tf.config.experimental.enable_op_determinism()
    course = make_course(
        make_recipe(int(steps)), Path(checkpoints), lambda line: sys.stdout.write(f"{line}\n"), names=("first",)
    )
    model: keras.Model | None = strategy(name)(course)
    if model is not None:
        np.savez(weights, *model.get_weights())


if __name__ == "__main__":
    if sys.argv[1] == "launch":
        _, _, workers, *rest = sys.argv
        launch([sys.executable, __file__, *rest], rest[0], int(workers), Path(rest[3]).with_name("logs"))
    else:
        main(*sys.argv[1:])
