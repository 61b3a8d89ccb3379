"""Reads labelled pictures: a folder per class, an archive of such folders, or a CIFAR archive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from signpost.errors import DatasetError, PictureError
from signpost.images.prepare import encode_png
from signpost.terminal.printable import printable
from training.data.archives import list_names, read_files
from training.data.cifar import is_cifar, read_test_split
from training.data.decode import prepare_file
from training.data.pictures import ORDER, Dataset, Skipped, Split
from training.data.tree import Place, Tree, sort_out

_SHAPE = "expected one folder per label with its pictures inside, such as bicycle/one.jpg and motorcycle/two.jpg"
_NAMED = 6  # names that an error lists
_AT_ONCE = 64  # files in memory at a time

Look = Callable[[str, bytes], None]


@dataclass(frozen=True)
class LabelledPictures:
    """Labelled pictures, read one after another.

    Attributes
    ----------
    labels : tuple of str
        All labels that occur, sorted.
    pictures : iterable of (str, str, bytes)
        Label, name and content of the file; can be gone through once.
    skipped : list of Skipped
        Files left out so far; complete once all pictures were gone through.
    """

    labels: tuple[str, ...]
    pictures: Iterable[tuple[str, str, bytes]]
    skipped: list[Skipped]


def open_pictures(source: Path, known: Sequence[str]) -> LabelledPictures:
    """Open a folder or archive of labelled pictures to measure a model on.

    The label of a picture is the name of the folder that holds it, so a tree split into ``train`` and ``test`` works
    too. Hidden files are skipped. Of a CIFAR archive the test split counts, and of that the known classes.

    Parameters
    ----------
    source : Path
        A folder, a ``.tar``, ``.tar.gz``, ``.tgz`` or ``.zip`` file of such a folder, or a CIFAR archive for Python.
    known : sequence of str
        Labels that the caller can use.

    Returns
    -------
    LabelledPictures

    Raises
    ------
    DatasetError
        If there is nothing there, it can't be read, has no labels, or has labels that are not known.
    """
    files = list_names(source)
    if is_cifar(files):
        return _cifar(source, known)
    tree = _tree(source, files)
    labels = tuple(sorted({place.label for place in tree.places.values()}))
    unknown = [label for label in labels if label not in known]
    if unknown:
        raise DatasetError(
            f"{source} has folders that are no labels of the model: {_some(unknown)}; its labels are {', '.join(known)}"
        )
    contents = read_files(
        source, tree.places.__contains__, lambda name, reason: tree.skipped.append(Skipped(name, reason))
    )
    pictures = ((tree.places[name].label, name, content) for name, content in contents)
    return LabelledPictures(labels, pictures, tree.skipped)


def read_tree(
    source: Path,
    files: Sequence[str],
    size: tuple[int, int],
    labels: Sequence[str] | None,
    progress: Callable[[str], None],
    look: Look | None = None,
) -> Dataset:
    """Read a folder or archive with one folder a class; each picture is prepared as serving prepares it.

    Parameters
    ----------
    source : Path
    files : sequence of str
        What it holds.
    size : tuple of int
        Width and height of the prepared pictures.
    labels : sequence of str or None
        Classes to read, in this order; None for all, sorted.
    progress : callable
        Told what is going on.
    look : callable or None
        Shown the name and content of every usable picture.

    Returns
    -------
    Dataset
        Pictures sorted by name, whatever their order in the archive; a class can be without any.

    Raises
    ------
    DatasetError
        If it can't be read, or has no folder of a class that was asked for.
    """
    tree = _tree(source, files)
    classes = _classes(source, tree, labels, progress)
    places = {name: place for name, place in tree.places.items() if place.label in classes}
    heaps = {
        part: _Heap(places, part, size) for part in sorted({place.part for place in places.values()}, key=ORDER.index)
    }
    unreadable: list[Skipped] = []
    files_read = read_files(source, places.__contains__, lambda name, reason: unreadable.append(Skipped(name, reason)))
    for number, (name, content, pixels) in enumerate(_prepared(files_read, size), start=1):
        if isinstance(pixels, PictureError):
            unreadable.append(Skipped(name, pixels.message))
            continue
        heaps[places[name].part].put(name, pixels, classes.index(places[name].label))
        if look:
            look(name, content)
        if number % 1000 == 0:
            progress(f"read {number:,} of {len(places):,} pictures")
    parts = {part: heap.split() for part, heap in heaps.items()}
    return Dataset(classes, parts, tree.skipped + unreadable, len(places), len(unreadable))


def _classes(
    source: Path, tree: Tree, labels: Sequence[str] | None, progress: Callable[[str], None]
) -> tuple[str, ...]:
    files = Counter(place.label for place in tree.places.values())
    there = sorted(files.keys() | set(tree.empty))
    classes = tuple(there if labels is None else labels)
    if missing := [label for label in classes if label not in there]:
        raise DatasetError(f"{source} has no folder {_some(missing)}; it has {_some(there)}")
    if others := [label for label in there if label not in classes]:
        count = sum(files[label] for label in others)
        progress(f"left out {count:,} files of other classes: {_some(others)}")
    return classes


class _Heap:
    """The pictures of a part, each at its place in the order of names: memory is taken once."""

    def __init__(self, places: dict[str, Place], part: str, size: tuple[int, int]) -> None:
        self._names = sorted(name for name, place in places.items() if place.part == part)
        self._rows = {name: row for row, name in enumerate(self._names)}
        self._images = np.empty((len(self._names), size[1], size[0], 3), np.uint8)
        self._labels = np.full(len(self._names), -1, np.int64)

    def put(self, name: str, pixels: NDArray[np.uint8], label: int) -> None:
        row = self._rows[name]
        self._images[row], self._labels[row] = pixels, label

    def split(self) -> Split:
        everything = Split(self._images, self._labels, tuple(self._names))
        there = self._labels >= 0
        return everything if there.all() else everything.take(there)


def _prepared(
    files: Iterator[tuple[str, bytes]], size: tuple[int, int]
) -> Iterator[tuple[str, bytes, NDArray[np.uint8] | PictureError]]:
    """Decode on every core, as Pillow lets go of the interpreter's lock, a few files at a time."""

    def one(file: tuple[str, bytes]) -> tuple[str, bytes, NDArray[np.uint8] | PictureError]:
        try:
            return *file, prepare_file(file[1], *size)
        except PictureError as error:
            return *file, error

    with ThreadPoolExecutor() as pool:
        while batch := list(islice(files, _AT_ONCE)):
            yield from pool.map(one, batch)


def _tree(source: Path, files: Sequence[str]) -> Tree:
    tree = sort_out(files)
    if not tree.places:
        raise DatasetError(f"{source} has no labelled pictures: {_SHAPE}")
    return tree


def _some(names: Sequence[str]) -> str:
    names = [printable(name) for name in names]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _cifar(source: Path, known: Sequence[str]) -> LabelledPictures:
    archive = read_test_split(source)
    shared = [label for label in known if label in archive.classes]
    if not shared:
        raise DatasetError(f"{source} has none of the model's labels ({', '.join(known)}) among its classes")
    test = archive.subset(shared).test
    rows = enumerate(zip(test.images, test.labels.tolist(), strict=True))
    pictures = ((shared[label], f"test[{row}]", encode_png(Image.fromarray(image))) for row, (image, label) in rows)
    return LabelledPictures(tuple(shared), pictures, [])
