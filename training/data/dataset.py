"""Reads any source of labelled pictures for training, and stops where training on it would be wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from signpost.errors import DatasetError
from training.data.archives import list_names
from training.data.checks import clean, faults
from training.data.cifar import is_cifar, read_cifar
from training.data.decode import prepare_pixels
from training.data.folders import Look, read_tree
from training.data.pictures import Dataset, Split


def read_dataset(
    source: Path, width: int, height: int, labels: Sequence[str] | None, progress: Callable[[str], None]
) -> Dataset:
    """Read the pictures to train on, each prepared as serving prepares it, and clean them.

    `training.data.checks` holds the rules: what is left out, and what stops the run.

    Parameters
    ----------
    source : Path
        A CIFAR-10 or CIFAR-100 archive for Python, or a folder or archive (``.tar``, ``.tar.gz``, ``.zip``) with one
        folder a class, also below ``train``, ``val`` and ``test``.
    width, height : int
        Input size of the network, in pixels.
    labels : sequence of str or None
        Classes to read, in this order; None for all.
    progress : callable
        Told what is going on and what was left out, one line at a time.

    Returns
    -------
    Dataset

    Raises
    ------
    DatasetError
        If the source can't be read, or breaks a rule that stops a run.
    """
    dataset = read_source(source, width, height, labels, progress)
    for skipped in dataset.skipped:
        progress(f"left out {skipped}")
    dataset, findings = clean(dataset)
    for line in findings.lines():
        progress(line)
    if found := faults(dataset):
        raise DatasetError(f"{source} can't be trained on: {'; '.join(found)}")
    return dataset


def read_source(
    source: Path,
    width: int,
    height: int,
    labels: Sequence[str] | None,
    progress: Callable[[str], None],
    look: Look | None = None,
) -> Dataset:
    """Read the same as it is, with its duplicates and faults.

    Parameters
    ----------
    source, width, height, labels, progress
        See `read_dataset`.
    look : callable or None
        Shown the name and content of every usable picture file.

    Returns
    -------
    Dataset

    Raises
    ------
    DatasetError
        If the source can't be read at all.
    """
    if labels is not None and len(set(labels)) < len(labels):
        raise DatasetError(f"a class is named twice among {', '.join(labels)}")
    files = list_names(source)
    if not is_cifar(files):
        return read_tree(source, files, (width, height), labels, progress, look)
    cifar = read_cifar(source)
    if labels is not None:
        cifar = cifar.subset(labels)
    parts = {"train": _sized(cifar.train, width, height), "test": _sized(cifar.test, width, height)}
    return Dataset(cifar.classes, parts, [])


def _sized(split: Split, width: int, height: int) -> Split:
    if split.images.shape[1:3] == (height, width):
        return split
    images = np.empty((len(split), height, width, 3), np.uint8)
    for row, pixels in enumerate(split.images):
        images[row] = prepare_pixels(pixels, width, height)
    return Split(images, split.labels, split.names)
