"""The pictures that a classifier learns from and is measured on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from signpost.capture.corrections import NONE_OF_THESE
from signpost.errors import DatasetError
from training.data.checks import clean
from training.data.dataset import read_dataset
from training.data.drawings import draw, drawing_processes
from training.data.likeness import resembles, without
from training.data.pictures import NO_CLASS, Dataset, Split, join, no_pictures
from training.data.splits import PARTS, describe_split, split_dataset
from training.data.tree import ALL
from training.recipe import Recipe


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
    left_out : int
        Training pictures that repeat a held-out one and so were left out.
    split : dict
        The photographs' split, as `training.data.splits.describe_split` writes it down.
    corrected : dict of str to int
        How many captured images that people corrected are in the train part, by label; empty where none were read.
    """

    train: Pictures
    validation: Pictures
    test: Pictures
    labels: tuple[str, ...]
    classes: tuple[str, ...]
    unseen: tuple[str, ...]
    left_out: int
    split: dict[str, Any]
    corrected: dict[str, int]


def assemble(
    archive: Path,
    related: list[Path],
    recipe: Recipe,
    progress: Callable[[str], None],
    corrected: Callable[[tuple[str, ...]], Dataset] | None = None,
) -> TrainingData:
    """Read and split the archives and draw the drawn pictures.

    Parameters
    ----------
    archive : Path
        What has the labels: a CIFAR archive, or a folder a label.
    related : list of Path
        Archives whose other classes are outliers; may contain ``archive``.
    recipe : Recipe
    progress : callable
        Told what is going on, one line at a time.
    corrected : callable or None
        Given the labels, reads captured images that people corrected, as `training.data.corrected` does: more to train
        on. Those that show none of the labels become outliers.

    Returns
    -------
    TrainingData

    Raises
    ------
    DatasetError
        If an archive can't be used.
    """
    rng, settings = np.random.default_rng(recipe.seed), recipe.data
    own = read_dataset(archive, settings.width, settings.height, settings.labels or None, progress)
    known = split_dataset(own, settings, rng)
    labels = own.classes
    more = _corrected(corrected, labels, recipe, progress)
    others = [read_dataset(path, settings.width, settings.height, None, progress) for path in related]
    classes = tuple(dict.fromkeys((*labels, *(name for other in others for name in other.classes))))
    outliers = _outliers(others, labels, classes, recipe, rng)
    unseen = _unseen([name for other in others[:1] for name in other.classes if name not in labels], recipe, rng)
    held_out = [heap[part] for heap in (known, outliers) for part in PARTS if part != "train"]
    heaps = (known["train"], outliers["train"], *more)
    train = [_without_leaks(heap, held_out, settings.drop_alike) for heap in heaps]
    left_out = sum(map(len, heaps)) - sum(map(len, train))
    progress(f"left {left_out} training pictures out that repeat one of validation or test")
    size = (settings.height, settings.width)
    known["train"], outliers["train"] = join([train[0], train[2]], size), join([train[1], train[3]], size)
    counts = train[2].counts(labels) | {NONE_OF_THESE: len(train[3])} if corrected else {}
    split = describe_split(known, labels, settings, recipe.seed)
    strange = np.array([classes.index(name) for name in unseen], np.int64)
    found = {}
    with drawing_processes() as pool:
        for number, part in enumerate(PARTS):
            new = np.isin(outliers[part].labels, strange)
            count = settings.drawn_train if part == "train" else settings.drawn_held_out
            drawings = draw(pool, labels, count, (settings.width, settings.height), 10 * recipe.seed + number)
            seen, never = outliers[part].take(~new), outliers[part].take(new if part != "train" else np.zeros_like(new))
            found[part] = Pictures(known[part], drawings.known, seen, never, drawings.strange)
    _check_filled(known, labels, archive)
    return TrainingData(
        **found, labels=labels, classes=classes, unseen=unseen, left_out=left_out, split=split, corrected=counts
    )


def _corrected(
    read: Callable[[tuple[str, ...]], Dataset] | None,
    labels: tuple[str, ...],
    recipe: Recipe,
    progress: Callable[[str], None],
) -> tuple[Split, Split]:
    """Read corrected images: those with a label, and those that show none of the labels."""
    if read is None:
        nothing = no_pictures((recipe.data.height, recipe.data.width))
        return nothing, nothing
    dataset, findings = clean(read(labels))
    for line in findings.lines():
        progress(line)
    images = dataset.parts[ALL]
    is_outlier = images.labels == len(labels)
    outliers = images.take(is_outlier)
    if len(outliers) and not recipe.fine_tuning.batch.photographed_outliers:
        progress(f"left out {len(outliers)} corrections to {NONE_OF_THESE}: the recipe trains without outliers")
        outliers = outliers.take(np.zeros(len(outliers), bool))
    return images.take(~is_outlier), Split(outliers.images, np.full_like(outliers.labels, NO_CLASS))


def _check_filled(known: dict[str, Split], labels: tuple[str, ...], archive: Path) -> None:
    """Check that there is something to learn from and to measure on, before hours are spent."""
    for part in PARTS:
        empty = [label for label, count in known[part].counts(labels).items() if not count]
        if part == "train" and empty:
            raise DatasetError(
                f"{archive} leaves no picture to train on for {', '.join(empty)}: what nearly repeats a picture of "
                "validation or test is left out (`drop_alike`)"
            )
        if len(empty) == len(labels):
            raise DatasetError(f"{archive} leaves no {part} picture: raise `{part}_share` in the recipe")


def _outliers(
    others: list[Dataset], labels: tuple[str, ...], classes: tuple[str, ...], recipe: Recipe, rng: np.random.Generator
) -> dict[str, Split]:
    """Join the pictures of all other classes, each part for itself; labels index all classes."""
    found: dict[str, list[Split]] = {part: [] for part in PARTS}
    for other in others:
        number = np.array([classes.index(name) for name in other.classes])
        wanted = ~np.isin(np.arange(len(classes)), [classes.index(label) for label in labels])
        for part, split in split_dataset(other, recipe.data, rng).items():
            mine = Split(split.images, number[split.labels])
            found[part].append(mine.take(wanted[mine.labels]))
    size = (recipe.data.height, recipe.data.width)
    return {part: join(splits, size) for part, splits in found.items()}


def _unseen(names: list[str], recipe: Recipe, rng: np.random.Generator) -> tuple[str, ...]:
    """Choose the classes that training never sees, all from the first related archive."""
    count = recipe.data.unseen_classes
    if count > len(names):
        raise DatasetError(f"{count} classes are to stay unseen, but the first related archive has {len(names)}")
    return tuple(sorted(rng.choice(names, count, replace=False).tolist())) if count else ()


def _without_leaks(train: Split, held_out: list[Split], drop_alike: bool) -> Split:
    """Leave out training pictures that also lie in another part, or nearly so."""
    if not len(train):
        return train
    kept = without(train, held_out)
    return kept.take(~resembles(kept, join(held_out, kept.images.shape[1:3]))) if drop_alike else kept
