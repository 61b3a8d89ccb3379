"""Reads CIFAR-10 and CIFAR-100 (Krizhevsky 2009) from their archives for Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signpost.errors import DatasetError
from training.data.archives import read_archive
from training.data.safe_pickle import load_arrays

SIDE = 32
_META = {"meta": "fine_label_names", "batches.meta": "label_names"}


@dataclass(frozen=True)
class Split:
    """Pictures and their labels.

    Attributes
    ----------
    images : ndarray of uint8, shape (n, 32, 32, 3)
        RGB, 0 to 255.
    labels : ndarray of int64, shape (n,)
        Index into the class names.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def take(self, rows: NDArray[Any]) -> Split:
        """Select rows by index or mask."""
        return Split(self.images[rows], self.labels[rows])


@dataclass(frozen=True)
class Cifar:
    """An archive: its class names (in CIFAR-100 the fine ones), train and test split."""

    classes: tuple[str, ...]
    train: Split
    test: Split

    def subset(self, names: Sequence[str]) -> Cifar:
        """Keep some classes.

        Parameters
        ----------
        names : sequence of str
            Class names; labels become positions in it.

        Returns
        -------
        Cifar

        Raises
        ------
        DatasetError
            If the archive has no class of such a name.
        """
        unknown = [name for name in names if name not in self.classes]
        if unknown:
            raise DatasetError(f"no class {', '.join(unknown)} in the archive; it has {', '.join(self.classes)}")
        position = np.full(len(self.classes), -1, np.int64)
        position[[self.classes.index(name) for name in names]] = np.arange(len(names))

        def keep(split: Split) -> Split:
            labels = position[split.labels]
            return Split(split.images[labels >= 0], labels[labels >= 0])

        return Cifar(tuple(names), keep(self.train), keep(self.test))


def is_cifar_part(name: str) -> bool:
    """Tell by its name whether a file of an archive is a part of CIFAR."""
    return _role(name) is not None


def read_cifar(path: Path) -> Cifar:
    """Read ``cifar-10-python.tar.gz`` or ``cifar-100-python.tar.gz``.

    Parameters
    ----------
    path : Path
        The archive; nothing in it is trusted.

    Returns
    -------
    Cifar

    Raises
    ------
    DatasetError
        If it can't be read or is not CIFAR.
    """
    return _read(path, ("meta", "train", "test"))


def read_test_split(path: Path) -> Cifar:
    """Read the same without the train split, five sixths of the archive: that stays empty."""
    return _read(path, ("meta", "test"))


def _read(path: Path, roles: Sequence[str]) -> Cifar:
    if not path.is_file():
        raise DatasetError(f"no archive at {path}")
    parts: dict[str, list[dict[str, Any]]] = {role: [] for role in roles}
    for name, content in read_archive(path, wanted=lambda name: _role(name) in roles):
        parts[_role(name) or "meta"].append(load_arrays(content))
    missing = [role for role, found in parts.items() if not found]
    if missing:
        raise DatasetError(f"{path.name} is no CIFAR archive for Python: it has no {' and no '.join(missing)} file")
    classes = _class_names(parts["meta"][0])
    train, test = (_join([_split(part, len(classes)) for part in parts.get(role, [])]) for role in ("train", "test"))
    return Cifar(classes, train, test)


def _role(name: str) -> str | None:
    file = PurePosixPath(name).name
    if file in _META:
        return "meta"
    if file == "train" or file.startswith("data_batch_"):
        return "train"
    return "test" if file in ("test", "test_batch") else None


def _class_names(meta: dict[str, Any]) -> tuple[str, ...]:
    for key in _META.values():
        names = meta.get(key)
        if isinstance(names, list) and all(isinstance(name, bytes) for name in names):
            return tuple(name.decode("latin1") for name in names)
    raise DatasetError("the archive's meta file names no classes")


def _split(part: dict[str, Any], classes: int) -> Split:
    data, labels = part.get("data"), part.get("fine_labels", part.get("labels"))
    if not isinstance(data, np.ndarray) or data.ndim != 2 or data.shape[1] != 3 * SIDE * SIDE:
        raise DatasetError(f"the archive's pictures are not rows of {3 * SIDE * SIDE} bytes")
    if not isinstance(labels, list) or len(labels) != len(data):
        raise DatasetError("the archive has not one label a picture")
    if not all(type(label) is int and 0 <= label < classes for label in labels):
        raise DatasetError(f"the archive has labels that are not numbers below {classes}")
    # Rows hold all red bytes, then all green, then all blue ones.
    images = data.reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)
    return Split(np.ascontiguousarray(images), np.asarray(labels, np.int64))


def _join(splits: list[Split]) -> Split:
    if not splits:
        return Split(np.empty((0, SIDE, SIDE, 3), np.uint8), np.empty(0, np.int64))
    images, labels = ([getattr(split, part) for split in splits] for part in ("images", "labels"))
    return Split(np.concatenate(images), np.concatenate(labels))
