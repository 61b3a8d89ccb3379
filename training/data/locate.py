"""Finds the archives that a recipe names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from signpost.errors import DatasetError
from training.recipe import Data


def locate(settings: Data, data: Path | None, fetch: Callable[[str], Path]) -> tuple[Path, list[Path]]:
    """Find the archive of the labels and those of the related classes.

    Parameters
    ----------
    settings : Data
    data : Path or None
        The archive of the labels, whatever its name, beside which the others are looked for; or a folder that holds
        them all. A folder of classes is the labels' alone: where the recipe's archive is a related one too, it is still
        looked for.
    fetch : callable
        From the file name of a well-known archive to where it was downloaded. It is asked for what is not there.

    Returns
    -------
    archive, related : Path, list of Path

    Raises
    ------
    DatasetError
        If an archive is not there and can't be downloaded.
    """
    if data is not None and not data.exists():
        raise DatasetError(f"no folder or archive at {data}")
    archive = data if data is not None and (data.is_file() or _is_unpacked(data)) else None
    own = archive or (data if data is not None and _is_tree(data) else None)
    folder = data.parent if data is not None and own else data

    def find(name: str) -> Path:
        if archive and name == settings.archive:
            return archive
        return folder / name if folder is not None and (folder / name).is_file() else fetch(name)

    return own or find(settings.archive), [find(name) for name in settings.related]


def _is_unpacked(folder: Path) -> bool:
    """Tell an unpacked archive of CIFAR by its list of classes."""
    return any((folder / name).is_file() for name in ("meta", "batches.meta"))


def _is_tree(folder: Path) -> bool:
    """Tell a folder of classes from one that holds archives."""
    return any(path.is_dir() for path in folder.iterdir()) and not any(folder.glob("*.tar.gz"))
