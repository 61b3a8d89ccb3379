"""Splits pictures into train, validation and test part, and names what lies in each."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from signpost.errors import DatasetError, PictureError
from signpost.imaging import prepare
from signpost.limits import Limits
from training.data.cifar import SIDE, Split
from training.data.folders import Skipped, open_pictures

_ALIKE = 0.85
PARTS = ("train", "validation", "test")


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


def read_folders(source: Path, labels: tuple[str, ...], progress: Callable[[str], None]) -> Split:
    """Read a folder or archive with one folder a label; each picture is prepared as serving prepares it.

    Parameters
    ----------
    source : Path
    labels : tuple of str
    progress : callable
        Told of each file that was left out.

    Returns
    -------
    Split
        Sorted by file name; labels index ``labels``.

    Raises
    ------
    DatasetError
        If it can't be read, or a label has no picture.
    """
    pictures = open_pictures(source, labels)
    rows = []
    for label, name, content in pictures.pictures:
        try:
            rows.append((name, np.asarray(prepare(content, SIDE, SIDE, Limits())), labels.index(label)))
        except PictureError as error:
            pictures.skipped.append(Skipped(name, error.message))
    for skipped in pictures.skipped:
        progress(f"left out {skipped}")
    empty = [label for number, label in enumerate(labels) if number not in {row[2] for row in rows}]
    if empty:
        raise DatasetError(f"{source} has no picture of {', '.join(empty)}")
    rows.sort(key=lambda row: row[0])
    return Split(np.stack([row[1] for row in rows]), np.array([row[2] for row in rows], np.int64))


def split_three_ways(
    pictures: Split, validation_share: float, test_share: float, rng: np.random.Generator
) -> dict[str, Split]:
    """Split pictures that come in one heap, the same shares of each label.

    Of pictures that are there more than once, only the first is kept where all copies agree on the label, and none
    where they do not. Training pictures that nearly repeat one of the other parts are left out.

    Parameters
    ----------
    pictures : Split
    validation_share, test_share : float
        Of all.
    rng : numpy.random.Generator

    Returns
    -------
    dict of str to Split
        For each of `PARTS`.
    """
    first: dict[str, int] = {}
    labels: dict[str, set[int]] = {}
    for row, (digest, label) in enumerate(zip(digests(pictures), pictures.labels.tolist(), strict=True)):
        first.setdefault(digest, row)
        labels.setdefault(digest, set()).add(label)
    single = pictures.take(np.array([row for digest, row in first.items() if len(labels[digest]) == 1]))
    test = stratified(single.labels, test_share, rng)
    rest = single.take(~test)
    validation = stratified(rest.labels, validation_share / (1 - test_share), rng)
    held_out = {"validation": rest.take(validation), "test": single.take(test)}
    train = rest.take(~validation)
    for others in held_out.values():
        train = train.take(~resembles(train, others))
    return {"train": train, **held_out}


def without(pictures: Split, others: Iterable[Split]) -> Split:
    """Leave out the pictures that also lie elsewhere, pixel for pixel."""
    known = {digest for other in others for digest in digests(other)}
    return pictures.take(np.array([digest not in known for digest in digests(pictures)], bool))


def resembles(pictures: Split, others: Split) -> NDArray[np.bool_]:
    """Tell which pictures nearly repeat another: cut, scaled, relit or mirrored a little.

    Parameters
    ----------
    pictures, others : Split

    Returns
    -------
    ndarray of bool, shape (n,)
        True where the correlation with any of the others, or with its mirror image, is at least 0.85 at half the size.
        Looked at by eye on pictures of dogs, nearly all pairs above 0.88 and about half of those around it show the
        same photograph.
    """
    if not len(pictures.labels) or not len(others.labels):
        return np.zeros(len(pictures.labels), bool)
    mine = _outlines(pictures.images)
    theirs = (_outlines(others.images), _outlines(others.images[:, :, ::-1]))
    return np.max([(mine @ other.T).max(1) for other in theirs], axis=0) >= _ALIKE


def _outlines(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Halve pictures and give each mean 0 and length 1, so that a product of two is their correlation."""
    count, height, width, _ = images.shape
    blocks = images.reshape(count, height // 2, 2, width // 2, 2, 3).astype(np.float32)
    rows = blocks.mean((2, 4)).reshape(count, -1)
    rows -= rows.mean(1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)


def digests(pictures: Split) -> list[str]:
    """SHA-256 of the pixels of each picture."""
    return [hashlib.sha256(image.tobytes()).hexdigest() for image in pictures.images]


def fingerprint(groups: dict[str, Split]) -> str:
    """Name the data: SHA-256 over the sorted digests of every picture with its label and group.

    Parameters
    ----------
    groups : dict of str to Split
        By part and kind.

    Returns
    -------
    str
        Hex digest; the same for the same pictures in any order.
    """
    lines = [
        f"{group}/{label}/{digest}"
        for group, split in groups.items()
        for digest, label in zip(digests(split), split.labels.tolist(), strict=True)
    ]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()
