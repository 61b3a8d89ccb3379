"""Measures whether the input pipeline keeps the processor busy: batches alone, steps alone, and both together."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import keras  # pyright: ignore[reportMissingImports] - the training extra
import numpy as np

from training.benchmark.machine import machine
from training.distribution.single import make_step
from training.lessons import Batch, Lesson, Source
from training.networks import make_model
from training.optimizers import make_optimizer
from training.precision import use_fastest_precision
from training.recipe import Recipe, load_recipe

_STEPS, _REPEATS, _PICTURES, _CLASSES = 40, 5, 10_000, 100


def measure_pipeline() -> dict[str, Any]:
    """Time the vehicle recipe's pretraining on pictures of noise.

    Returns
    -------
    dict
        ``precision``; medians of pictures a second: ``batches`` (made and thrown away), ``steps`` (on one batch over
        and over), ``together``; ``busy``, the share of the time together that steps alone would take; and ``machine``.
    """
    recipe = load_recipe("vehicle")
    keras.utils.set_random_seed(recipe.seed)
    precision = use_fastest_precision()
    lesson = _lesson(recipe)
    step = _make_step(recipe, lesson)
    batches = iter(lesson.batches())
    one = next(batches)
    step(one)

    def same() -> Iterator[Batch]:
        while True:
            yield one

    kinds: dict[str, Callable[[], None]] = {
        "batches": lambda: _go_through(batches, lambda batch: batch[0][0, 0, 0].numpy()),
        "steps": lambda: _go_through(same(), step),
        "together": lambda: _go_through(batches, step),
    }
    seconds: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(_REPEATS):  # in turn, so that a drift of the machine meets all of them
        for kind, work in kinds.items():
            started = time.perf_counter()
            work()
            seconds[kind].append(time.perf_counter() - started)
    rates = {kind: _STEPS * lesson.batch / float(np.median(taken)) for kind, taken in seconds.items()}
    figures = {kind: round(rate) for kind, rate in rates.items()}
    busy = round(rates["together"] / rates["steps"], 3)
    return {"precision": precision, **figures, "busy": busy, "machine": machine()}


def _go_through(batches: Iterator[Batch], work: Callable[[Batch], Any]) -> None:
    for _ in range(_STEPS):
        work(next(batches))


def _lesson(recipe: Recipe) -> Lesson:
    rng = np.random.default_rng(recipe.seed)
    size = (_PICTURES, recipe.data.height, recipe.data.width, 3)
    classes = rng.integers(0, _CLASSES, _PICTURES)
    phase = recipe.pretraining
    assert phase  # noqa: S101 - the vehicle recipe has one
    source = Source(rng.integers(0, 256, size, np.uint8), classes % 3, classes, phase.batch)
    return Lesson("pretraining", phase, (source,), (3, _CLASSES), (0.0, 1.0), recipe.augmentation, recipe.seed)


def _make_step(recipe: Recipe, lesson: Lesson) -> Callable[[Batch], float]:
    model = make_model(recipe, 2, _CLASSES)
    optimizer = make_optimizer(lesson, recipe)
    optimizer.build(model.trainable_variables)

    step = make_step(model, optimizer, lesson)
    return lambda batch: float(step(batch[0], tuple(batch[1:])))
