"""Labelled pictures as every part of training passes them on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signpost.terminal.printable import printable

NO_CLASS = -1  # the label of a picture whose class is unknown
# Of parts. Of two copies the one in the later part stays: what is measured must not be learned.
ORDER = ("all", "train", "validation", "test")


@dataclass(frozen=True)
class Split:
    """Pictures and their labels.

    Attributes
    ----------
    images : ndarray of uint8, shape (n, height, width, 3)
        RGB, 0 to 255.
    labels : ndarray of int64, shape (n,)
        Index into the class names.
    names : tuple of str
        Where each picture lies in its source, n of them; empty where that does not matter.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: NDArray[Any]) -> Split:
        """Select rows by index or mask."""
        names = tuple(self.names[row] for row in np.arange(len(self))[rows].tolist()) if self.names else ()
        return Split(self.images[rows], self.labels[rows], names)

    def counts(self, classes: Sequence[str]) -> dict[str, int]:
        """Count the pictures of each class."""
        counted = np.bincount(self.labels, minlength=len(classes)).tolist()
        return dict(zip(classes, counted, strict=True))


@dataclass(frozen=True)
class Skipped:
    """A file that was left out, and why."""

    name: str
    reason: str

    def __str__(self) -> str:
        """Give one line that is safe to print: an archive can name its files as it likes."""
        return f"{printable(self.name)}: {self.reason}"


def no_pictures(size: tuple[int, int]) -> Split:
    """Give an empty split of a size, height first."""
    return Split(np.empty((0, *size, 3), np.uint8), np.empty(0, np.int64))


def join(splits: Sequence[Split], size: tuple[int, int]) -> Split:
    """Put splits of one size, height first, behind each other; the names stay where all have them."""
    filled = [split for split in splits if len(split)]
    if len(filled) < 2:
        return filled[0] if filled else no_pictures(size)
    names = tuple(name for split in filled for name in split.names)
    images, labels = np.concatenate([s.images for s in filled]), np.concatenate([s.labels for s in filled])
    return Split(images, labels, names if len(names) == len(labels) else ())


@dataclass(frozen=True)
class Dataset:
    """A source of labelled pictures, as it was read: nothing is split or cleaned yet.

    Attributes
    ----------
    classes : tuple of str
        What the labels index.
    parts : dict of str to Split
        The parts that the source itself has: ``train``, ``validation``, ``test``, or only ``all``.
    skipped : list of Skipped
        Files that were left out, each with its reason.
    files : int
        How many files lie in a class's folder; 0 where the source has pixels and no files.
    unreadable : int
        How many of those are no usable picture.
    """

    classes: tuple[str, ...]
    parts: dict[str, Split]
    skipped: list[Skipped]
    files: int = 0
    unreadable: int = 0

    def counts(self) -> dict[str, dict[str, int]]:
        """Count the pictures of each class in each part."""
        return {part: split.counts(self.classes) for part, split in self.parts.items()}
