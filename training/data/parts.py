"""The pictures that a classifier learns from and is measured on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from signpost.imaging import prepare
from signpost.limits import Limits
from training.data.cifar import SIDE, Cifar, Split, read_cifar
from training.data.drawn import LABELS, Label, draw_file
from training.data.splits import PARTS, read_folders, split_three_ways, stratified, without
from training.recipe import Recipe

EMPTY = Split(np.empty((0, SIDE, SIDE, 3), np.uint8), np.empty(0, np.int64))


@dataclass(frozen=True)
class Pictures:
    """One part of the data.

    Attributes
    ----------
    photographs, drawings : Split
        Pictures that have a label; their labels index the classifier's.
    photographed_outliers : Split
        Photographs of something else; labels index all classes.
    unseen_outliers : Split
        The same, of classes that training never sees; empty in the train part.
    drawn_outliers : Split
        Drawings of something else; the labels mean nothing.
    """

    photographs: Split
    drawings: Split
    photographed_outliers: Split
    unseen_outliers: Split
    drawn_outliers: Split


@dataclass(frozen=True)
class TrainingData:
    """Train, validation and test part, and the names of labels and of all classes.

    Attributes
    ----------
    train, validation, test : Pictures
    labels : tuple of str
        What the classifier tells apart.
    classes : tuple of str
        The labels and all classes of the outliers.
    unseen : tuple of str
        Those that training never sees.
    """

    train: Pictures
    validation: Pictures
    test: Pictures
    labels: tuple[str, ...]
    classes: tuple[str, ...]
    unseen: tuple[str, ...]


def assemble(archive: Path, related: Path, recipe: Recipe, progress: Callable[[str], None]) -> TrainingData:
    """Read and split the archives and draw the drawn pictures.

    Parameters
    ----------
    archive : Path
        What has the labels: CIFAR-100, or a folder a label.
    related : Path
        CIFAR-100, whose other classes are outliers; may be the same.
    recipe : Recipe
    progress : callable
        Told what is going on, one line at a time.

    Returns
    -------
    TrainingData

    Raises
    ------
    DatasetError
        If an archive can't be used.
    """
    rng, settings = np.random.default_rng(recipe.seed), recipe.data
    cifar = read_cifar(related)
    others = [name for name in cifar.classes if name not in settings.labels]
    unseen = tuple(sorted(rng.choice(others, settings.unseen_classes, replace=False).tolist()))
    held_out = stratified(cifar.train.labels, settings.validation_share, rng)
    parts = {"train": cifar.train.take(~held_out), "validation": cifar.train.take(held_out), "test": cifar.test}
    classes = (*cifar.classes, *(label for label in settings.labels if label not in cifar.classes))
    if archive == related:
        known = {part: Cifar(classes, split, split).subset(settings.labels).train for part, split in parts.items()}
    else:
        heap = read_folders(archive, settings.labels, progress)
        known = split_three_ways(heap, settings.validation_share, settings.test_share, rng)
    outliers = {part: split.take(np.isin(split.labels, _numbers(classes, others))) for part, split in parts.items()}
    held_out_pictures = [split for heap in (known, outliers) for part, split in heap.items() if part != "train"]
    strange = _numbers(classes, unseen)
    found = {}
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:  # a fork would copy TensorFlow's locks
        for part in PARTS:
            mine, theirs = known[part], outliers[part]
            if part == "train":
                mine, theirs = without(mine, held_out_pictures), without(theirs, held_out_pictures)
                left_out = len(known[part].labels) + len(outliers[part].labels) - len(mine.labels) - len(theirs.labels)
                progress(f"left {left_out} training pictures out that are also in validation or test")
            new = np.isin(theirs.labels, strange)
            drawings, drawn_outliers = _drawings(pool, part, recipe, progress)
            seen, never = theirs.take(~new), theirs.take(new if part != "train" else np.zeros_like(new))
            found[part] = Pictures(mine, drawings, seen, never, drawn_outliers)
    return TrainingData(**found, labels=settings.labels, classes=classes, unseen=unseen)


def _numbers(classes: tuple[str, ...], names: Sequence[str]) -> list[int]:
    return [classes.index(name) for name in names]


def _drawings(
    pool: ProcessPoolExecutor, part: str, recipe: Recipe, progress: Callable[[str], None]
) -> tuple[Split, Split]:
    """Draw a part's pictures of the labels and of something else."""
    count = recipe.data.drawn_train if part == "train" else recipe.data.drawn_held_out
    if not count:
        return EMPTY, EMPTY
    progress(f"drawing {(len(recipe.data.labels) + 1) * count:,} pictures for the {part} part")
    draw = partial(_draw, pool, 10 * recipe.seed + PARTS.index(part), count)
    labels = recipe.data.labels
    drawn = [draw(label, labels.index(label)) for label in LABELS if label in labels]
    return _join(drawn), draw("neither", len(labels))


def _draw(pool: ProcessPoolExecutor, seed: int, count: int, label: Label, index: int) -> Split:
    images = list(pool.map(partial(_drawn_pixels, label, seed), range(count), chunksize=32))
    return Split(np.stack(images), np.full(count, index, np.int64))


def _drawn_pixels(label: Label, seed: int, index: int) -> NDArray[np.uint8]:
    """Draw, save and prepare one picture: the very way that a file takes into the network."""
    _name, content = draw_file(label, seed, index)
    return np.asarray(prepare(content, SIDE, SIDE, Limits()))


def _join(splits: list[Split]) -> Split:
    return Split(np.concatenate([s.images for s in splits]), np.concatenate([s.labels for s in splits]))
