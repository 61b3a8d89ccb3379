"""Finds the archives that a recipe names."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from signpost.errors import DatasetError
from training.data.download import cifar100_archive
from training.recipe import Data

_DOWNLOADABLE = "cifar-100-python.tar.gz"


def locate(settings: Data, data: Path | None, console: Console) -> tuple[Path, Path]:
    """Find the archive of the labels and the one of the related classes.

    Parameters
    ----------
    settings : Data
    data : Path or None
        The archive of the labels, whatever its name, beside which the other one is looked for; or a folder that holds
        both. CIFAR-100 is downloaded where it is not found.
    console : rich.console.Console
        Shows the progress of a download.

    Returns
    -------
    archive, related : Path

    Raises
    ------
    DatasetError
        If an archive is not there and can't be downloaded.
    """
    if data is not None and not data.exists():
        raise DatasetError(f"no folder or archive at {data}")
    given = data is not None and data.is_file()
    folder = data.parent if data is not None and given else data
    archive = data if data is not None and given else _find(settings.archive, folder, console)
    return archive, archive if settings.related == settings.archive else _find(settings.related, folder, console)


def _find(name: str, folder: Path | None, console: Console) -> Path:
    if folder is not None and (folder / name).is_file():
        return folder / name
    if name == _DOWNLOADABLE:
        return cifar100_archive(console)
    raise DatasetError(f"{name} is not there: give it, or the folder that holds it, as --data")
