"""Reads CIFAR-10 and CIFAR-100 (Krizhevsky 2009) from their archives for Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from signpost.errors import DatasetError
from training.data.archives import read_files
from training.data.pictures import Split, join
from training.data.safe_pickle import load_arrays

SIDE = 32
_META = {"meta": "fine_label_names", "batches.meta": "label_names"}


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
            kept = split.take(labels >= 0)
            return Split(kept.images, labels[labels >= 0], kept.names)

        return Cifar(tuple(names), keep(self.train), keep(self.test))


def is_cifar(files: Sequence[str]) -> bool:
    """Tell by the names of the files in an archive or folder whether it is CIFAR: meta, train and test are there."""
    return {"meta", "train", "test"} <= {_role(name) for name in files}


def read_cifar(path: Path) -> Cifar:
    """Read CIFAR-10 or CIFAR-100 for Python, told apart by content.

    Parameters
    ----------
    path : Path
        The archive, or the folder that it unpacks to; nothing in it is trusted.

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
    loaded = {name: load_arrays(content) for name, content in read_files(path, lambda name: _role(name) in roles)}
    # Sorted, as the order of files in an archive means nothing.
    parts = {role: [loaded[name] for name in sorted(loaded) if _role(name) == role] for role in roles}
    missing = [role for role, found in parts.items() if not found]
    if missing:
        raise DatasetError(f"{path.name} is no CIFAR archive for Python: it has no {' and no '.join(missing)} file")
    classes = _class_names(parts["meta"][0])
    train, test = (_join(role, parts.get(role, []), len(classes)) for role in ("train", "test"))
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


def _join(role: str, parts: list[dict[str, Any]], classes: int) -> Split:
    split = join([_split(part, classes) for part in parts], (SIDE, SIDE))
    names = tuple(f"{role}[{row}]" + (name and f" {name}") for row, name in enumerate(split.names))
    return Split(split.images, split.labels, names)


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
    return Split(np.ascontiguousarray(images), np.asarray(labels, np.int64), _file_names(part, len(data)))


def _file_names(part: dict[str, Any], count: int) -> tuple[str, ...]:
    """Give the names that the archive has for its pictures, or nothing for each."""
    names = part.get("filenames")
    if isinstance(names, list) and len(names) == count and all(isinstance(name, bytes) for name in names):
        return tuple(name.decode("latin1") for name in names)
    return ("",) * count
