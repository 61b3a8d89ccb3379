"""The pictures that the vehicle model learns from and is measured on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signpost.imaging import prepare
from signpost.limits import Limits
from training.data.cifar import SIDE, Cifar, Split
from training.data.download import CIFAR100_MD5, md5_of
from training.data.drawn import Label, draw_file
from training.recipe import Recipe

LABELS = ("bicycle", "motorcycle")
_SEEDS = {"train": 0, "validation": 1, "test": 2}


@dataclass(frozen=True)
class Pictures:
    """One part of the data.

    Attributes
    ----------
    photographs, drawings : Split
        Vehicles; labels index `LABELS`.
    photographed_outliers : Split
        Photographs of something else; labels index the archive's classes.
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
class VehicleData:
    """Train, validation and test part, and the names of the archive's classes."""

    train: Pictures
    validation: Pictures
    test: Pictures
    classes: tuple[str, ...]
    unseen: tuple[str, ...]


def assemble(cifar: Cifar, recipe: Recipe, progress: Callable[[str], None]) -> VehicleData:
    """Split the archive and draw the drawn pictures.

    Parameters
    ----------
    cifar : Cifar
        CIFAR-100.
    recipe : Recipe
        Seed and shares.
    progress : callable
        Told what is going on, one line at a time.

    Returns
    -------
    VehicleData
    """
    rng = np.random.default_rng(recipe.seed)
    others = [name for name in cifar.classes if name not in LABELS]
    unseen = tuple(sorted(rng.choice(others, recipe.unseen_classes, replace=False).tolist()))
    held_out = stratified(cifar.train.labels, recipe.validation_share, rng)
    archive = {"train": cifar.train.take(~held_out), "validation": cifar.train.take(held_out), "test": cifar.test}
    names, parts = np.asarray(cifar.classes), {}
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:  # a fork would copy TensorFlow's locks
        for part, split in archive.items():
            count = recipe.drawn_train if part == "train" else recipe.drawn_held_out
            progress(f"drawing {3 * count:,} pictures for the {part} part")
            if part == "train":
                split = split.take(~np.isin(names[split.labels], unseen))
            draw = partial(_draw, pool, 10 * recipe.seed + _SEEDS[part], count)
            parts[part] = _pictures(split, cifar.classes, unseen, draw)
    return VehicleData(**parts, classes=cifar.classes, unseen=unseen)


def stratified(labels: NDArray[np.int64], share: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Choose the same share of every class.

    Parameters
    ----------
    labels : ndarray, shape (n,)
    share : float
        Share to choose, 0 to 1.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of bool, shape (n,)
        True where a row was chosen.
    """
    chosen = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        chosen[rng.permutation(rows)[: round(share * len(rows))]] = True
    return chosen


def fingerprint(data: VehicleData) -> str:
    """Name the data: SHA-256 over the sorted digests of every picture with its label and part.

    Parameters
    ----------
    data : VehicleData

    Returns
    -------
    str
        Hex digest; the same for the same pictures in any order.
    """
    digests = []
    for part in _SEEDS:
        for group, split in vars(getattr(data, part)).items():
            for image, label in zip(split.images, split.labels.tolist(), strict=True):
                digests.append(hashlib.sha256(f"{part}/{group}/{label}/".encode() + image.tobytes()).hexdigest())
    return hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()


def describe(data: VehicleData, archive: Path) -> dict[str, Any]:
    """Say where the pictures come from, how many there are, and on what terms.

    Parameters
    ----------
    data : VehicleData
    archive : Path
        The archive of the photographs.

    Returns
    -------
    dict
        For the manifest's ``data``.
    """
    parts = {part: getattr(data, part) for part in _SEEDS}
    counts = {part: {group: len(split.labels) for group, split in vars(parts[part]).items()} for part in parts}

    md5 = md5_of(archive)

    def used(*groups: str) -> str:
        return "; ".join(
            f"{part} " + ", ".join(f"{counts[part][group]:,} {group.replace('_', ' ')}" for group in groups)
            for part in parts
        )

    return {
        "sources": [
            {
                "name": "CIFAR-100 (Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images)",
                "used": used("photographs", "photographed_outliers", "unseen_outliers"),
                "terms": "no licence is stated, the authors ask for the citation; no picture is part of this package",
            },
            {
                "name": "drawn pictures",
                "used": used("drawings", "drawn_outliers"),
                "terms": "drawn by this project's own code",
            },
        ],
        "counts": counts,
        "unseen_classes": list(data.unseen),
        "archive": {"file": archive.name, "md5": md5, "official": md5 == CIFAR100_MD5},
        "fingerprint": fingerprint(data),
    }


def _pictures(
    split: Split, classes: tuple[str, ...], unseen: tuple[str, ...], draw: Callable[[Label, int], Split]
) -> Pictures:
    names = np.asarray(classes)[split.labels]
    strange = np.isin(names, unseen)
    return Pictures(
        photographs=Cifar(classes, split, split).subset(LABELS).train,
        drawings=_join([draw(label, index) for index, label in enumerate(LABELS)]),
        photographed_outliers=split.take(~strange & ~np.isin(names, LABELS)),
        unseen_outliers=split.take(strange),
        drawn_outliers=draw("neither", len(LABELS)),
    )


def _draw(pool: ProcessPoolExecutor, seed: int, count: int, label: Label, index: int) -> Split:
    images = list(pool.map(partial(_drawn_pixels, label, seed), range(count), chunksize=32))
    return Split(np.stack(images), np.full(count, index, np.int64))


def _drawn_pixels(label: Label, seed: int, index: int) -> NDArray[np.uint8]:
    """Draw, save and prepare one picture: the very way that a file takes into the network."""
    _name, content = draw_file(label, seed, index)
    return np.asarray(prepare(content, SIDE, SIDE, Limits()))


def _join(splits: list[Split]) -> Split:
    return Split(np.concatenate([s.images for s in splits]), np.concatenate([s.labels for s in splits]))
