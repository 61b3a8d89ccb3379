"""The pictures that a classifier learns from and is measured on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from signpost.errors import DatasetError
from training.data.checks import clean
from training.data.dataset import read_dataset
from training.data.drawings import draw, drawing_processes
from training.data.likeness import resembles, without
from training.data.pictures import Dataset, Split, join
from training.data.splits import PARTS, describe_split, split_dataset
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
    """

    train: Pictures
    validation: Pictures
    test: Pictures
    labels: tuple[str, ...]
    classes: tuple[str, ...]
    unseen: tuple[str, ...]
    left_out: int
    split: dict[str, Any]


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
        Given the labels, reads captured pictures that a person has given one of them: more to train on.

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
    if corrected:
        known["train"] = join(
            [known["train"], clean(corrected(own.classes))[0].parts["all"]], (settings.height, settings.width)
        )
    labels = own.classes
    others = [read_dataset(path, settings.width, settings.height, None, progress) for path in related]
    classes = tuple(dict.fromkeys((*labels, *(name for other in others for name in other.classes))))
    outliers = _outliers(others, labels, classes, recipe, rng)
    unseen = _unseen([name for other in others[:1] for name in other.classes if name not in labels], recipe, rng)
    train, left_out = _without_leaks(known, outliers, settings.drop_alike)
    progress(f"left {left_out} training pictures out that repeat one of validation or test")
    known, outliers = known | {"train": train[0]}, outliers | {"train": train[1]}
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
    return TrainingData(**found, labels=labels, classes=classes, unseen=unseen, left_out=left_out, split=split)


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


def _without_leaks(
    known: dict[str, Split], outliers: dict[str, Split], drop_alike: bool
) -> tuple[tuple[Split, Split], int]:
    """Leave out training pictures that also lie in another part, or nearly so."""
    held_out = [heap[part] for heap in (known, outliers) for part in PARTS if part != "train"]
    cleaned = []
    for heap in (known, outliers):
        train = without(heap["train"], held_out)
        if drop_alike:
            train = train.take(~resembles(train, join(held_out, train.images.shape[1:3])))
        cleaned.append(train)
    before = len(known["train"].labels) + len(outliers["train"].labels)
    return (cleaned[0], cleaned[1]), before - sum(len(split.labels) for split in cleaned)
