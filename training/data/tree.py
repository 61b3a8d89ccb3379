"""Tells by the paths of files which class and which part each picture of a tree belongs to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from signpost.settings.types import composed
from training.data.pictures import Skipped

ALL = "all"
_PARTS = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}
_METADATA = "__MACOSX"


@dataclass(frozen=True)
class Place:
    """Where a picture belongs.

    Attributes
    ----------
    part : str
        ``train``, ``validation``, ``test`` or `ALL`.
    label : str
        Its class.
    """

    part: str
    label: str


@dataclass(frozen=True)
class Tree:
    """The files of a tree.

    Attributes
    ----------
    places : dict of str to Place
        The files that lie in a class's folder.
    skipped : list of Skipped
        All others.
    empty : list of str
        Folders that would be classes if there were a file in them.
    """

    places: dict[str, Place]
    skipped: list[Skipped]
    empty: list[str]


def sort_out(paths: Iterable[str]) -> Tree:
    """Find the class and the part of each file.

    The class is the name of the folder that holds the picture. Classes lie at one depth, the one where most files
    are: so a README above them and a folder of notes below one are no classes. A folder further up that is called
    train, val or test (or training, valid, validation, testing) is a part of the data.

    Parameters
    ----------
    paths : iterable of str
        Paths inside the source, with forward slashes; those of folders end with one.

    Returns
    -------
    Tree
    """
    skipped: list[Skipped] = []
    files: dict[str, tuple[str, ...]] = {}
    folders: list[tuple[str, ...]] = []
    for path in paths:
        parts = PurePosixPath(path).parts
        if path.endswith("/"):
            folders += [] if _is_hidden(parts) else [parts]
        elif _is_hidden(parts):
            skipped.append(Skipped(path, "hidden"))
        else:
            files[path] = parts
    depths = Counter(len(parts) for parts in files.values() if len(parts) > 1)
    depth = max(depths, key=lambda depth: (depths[depth], -depth), default=0)
    places = {
        file: Place(_part(parts[:-2]), composed(parts[-2])) for file, parts in files.items() if len(parts) == depth
    }
    skipped += [Skipped(file, "lies in no class's folder") for file in files if file not in places]
    if {place.part for place in places.values()} - {ALL}:
        stray = [file for file, place in places.items() if place.part == ALL]
        skipped += [Skipped(file, "lies in no train, validation or test folder, as others do") for file in stray]
        places = {file: place for file, place in places.items() if place.part != ALL}
    known = {place.label for place in places.values()}
    empty = {composed(parts[-1]) for parts in folders if len(parts) == depth - 1} - known
    return Tree(places, skipped, sorted(empty))


def _is_hidden(parts: tuple[str, ...]) -> bool:
    return any(part.startswith(".") or part == _METADATA for part in parts)


def _part(folders: tuple[str, ...]) -> str:
    found = [_PARTS[folder.lower()] for folder in folders if folder.lower() in _PARTS]
    return found[-1] if found else ALL
