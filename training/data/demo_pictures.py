"""Finds pictures for the demo: the user's own, CIFAR-100's test split, or drawn ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from signpost.errors import DatasetError
from signpost.images.prepare import encode_png
from signpost.terminal.console import make_console
from training.data.catalogue import cached, fetch, find
from training.data.cifar import read_test_split
from training.data.drawn import Label, draw_file

# What is shown of what; the others belong to no route of the vehicle classifier and should end in review.
_PHOTOGRAPHS = {
    "bicycle": 10,
    "motorcycle": 10,
    "pickup_truck": 2,
    "streetcar": 1,
    "oak_tree": 1,
    "telephone": 1,
    "wolf": 1,
}
_DRAWN: dict[Label, int] = {"bicycle": 10, "motorcycle": 10, "neither": 6}
_DRAWN_SEED = 2026  # no seed that training uses: these pictures are new to the model


@dataclass(frozen=True)
class DemoPictures:
    """Pictures to route.

    Attributes
    ----------
    files : list of Path
        Picture files.
    notice : str
        One or two sentences for the user: what these pictures are.
    expected : dict of Path to str
        What each shows, where that is known; a name that is no label should go to review.
    """

    files: list[Path]
    notice: str
    expected: dict[Path, str]


def demo_pictures(folder: Path, images: Path | None = None, download: bool = True) -> DemoPictures:
    """Find or make pictures to route; the first that applies.

    1. The user's own, where a folder is given.
    2. The test split of the official CIFAR-100, from the cache or downloaded.
    3. Pictures that the project draws.

    Parameters
    ----------
    folder : Path
        Where pictures are written, made if missing.
    images : Path or None
        A folder of the user's own pictures; they stay where they are.
    download : bool
        Whether CIFAR-100 may be downloaded (161 MB).

    Returns
    -------
    DemoPictures

    Raises
    ------
    DatasetError
        If the given folder has no files.
    """
    if images is not None:
        return _own(images)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        archive = fetch("cifar-100", make_console(stderr=True)) if download else cached(find("cifar-100"))
        reason = "CIFAR-100 is not in the cache"
    except DatasetError as error:
        archive, reason = None, str(error)
    if archive is None:
        notice = f"These pictures are drawn by Signpost itself, they are no photographs ({reason})."
        return _write(folder, notice, _drawn())
    notice = "These pictures are from the test split of CIFAR-100; the model was not trained on them."
    return _write(folder, notice, _photographs(archive))


def _own(images: Path) -> DemoPictures:
    files = sorted(file for file in images.rglob("*") if file.is_file() and not file.name.startswith("."))
    if not files:
        raise DatasetError(f"{images} has no files: give a folder with JPEG, PNG or WebP pictures")
    return DemoPictures(files, f"{len(files)} of your own pictures from {images}.", {})


def _write(folder: Path, notice: str, pictures: Iterator[tuple[str, str, bytes]]) -> DemoPictures:
    expected = {}
    for label, name, content in pictures:
        file = folder / name
        file.write_bytes(content)
        expected[file] = label
    return DemoPictures(list(expected), notice, expected)


def _drawn() -> Iterator[tuple[str, str, bytes]]:
    for label, count in _DRAWN.items():
        for index in range(count):
            yield label, *draw_file(label, _DRAWN_SEED, index)


def _photographs(archive: Path) -> Iterator[tuple[str, str, bytes]]:
    cifar = read_test_split(archive)
    for label, count in _PHOTOGRAPHS.items():
        rows = np.flatnonzero(cifar.test.labels == cifar.classes.index(label))[:count]
        for row in rows.tolist():
            yield label, f"{label}-{row:05d}.png", encode_png(Image.fromarray(cifar.test.images[row]))
