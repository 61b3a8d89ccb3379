"""Reads labelled pictures: a folder per label, an archive of such folders, or a CIFAR archive."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from PIL import Image

from signpost.errors import DatasetError
from signpost.imaging import encode_png
from training.data.archives import list_names, read_archive
from training.data.cifar import is_cifar_part, read_test_split

_SHAPE = "expected one folder per label with its pictures inside, such as bicycle/one.jpg and motorcycle/two.jpg"
_METADATA = "__MACOSX"
_NAMED = 6  # unknown labels that an error lists


@dataclass(frozen=True)
class Skipped:
    """A file that was left out, and why."""

    name: str
    reason: str

    def __str__(self) -> str:
        """Give one line that is safe to print: an archive can name its files as it likes."""
        name = "".join(letter if letter.isprintable() else "?" for letter in self.name)
        return f"{name}: {self.reason}"


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
    """Open a folder or archive of labelled pictures.

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
    if source.is_dir():
        files = sorted(str(path.relative_to(source)) for path in source.rglob("*") if path.is_file())
        return _labelled(source, files, known, lambda names, skipped: _read_files(source, names, skipped))
    if not source.is_file():
        raise DatasetError(f"no folder or archive at {source}")
    files = list_names(source)
    if sum(map(is_cifar_part, files)) >= 3:  # meta, train and test
        return _cifar(source, known)
    return _labelled(source, files, known, lambda names, _skipped: read_archive(source, set(names).__contains__))


def _labelled(
    source: Path,
    files: list[str],
    known: Sequence[str],
    read: Callable[[list[str], list[Skipped]], Iterator[tuple[str, bytes]]],
) -> LabelledPictures:
    skipped: list[Skipped] = []
    names = []
    for file in files:
        parts = PurePosixPath(file).parts
        if any(part.startswith(".") or part == _METADATA for part in parts):
            skipped.append(Skipped(file, "hidden"))
        elif not _label(file):
            skipped.append(Skipped(file, "lies in no label's folder"))
        else:
            names.append(file)
    if not names:
        raise DatasetError(f"{source} has no labelled pictures: {_SHAPE}")
    labels = tuple(sorted({_label(name) for name in names}))
    unknown = [label for label in labels if label not in known]
    if unknown:
        shown = ", ".join(unknown[:_NAMED]) + (f" and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else "")
        raise DatasetError(
            f"{source} has folders that are no labels of the model: {shown}; its labels are {', '.join(known)}"
        )
    return LabelledPictures(labels, ((_label(name), name, content) for name, content in read(names, skipped)), skipped)


def _label(name: str) -> str:
    return PurePosixPath(name).parent.name


def _read_files(source: Path, names: list[str], skipped: list[Skipped]) -> Iterator[tuple[str, bytes]]:
    for name in names:
        try:
            content = (source / name).read_bytes()
        except OSError as error:
            skipped.append(Skipped(name, error.strerror or "can't be read"))
            continue
        yield name, content


def _cifar(source: Path, known: Sequence[str]) -> LabelledPictures:
    archive = read_test_split(source)
    shared = [label for label in known if label in archive.classes]
    if not shared:
        raise DatasetError(f"{source} has none of the model's labels ({', '.join(known)}) among its classes")
    test = archive.subset(shared).test
    rows = enumerate(zip(test.images, test.labels.tolist(), strict=True))
    pictures = ((shared[label], f"test[{row}]", encode_png(Image.fromarray(image))) for row, (image, label) in rows)
    return LabelledPictures(tuple(shared), pictures, [])
