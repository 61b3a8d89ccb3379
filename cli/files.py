"""Picture files that a user names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from signpost.errors import SignpostError


def files_in(paths: list[Path]) -> list[Path]:
    """List the files among paths, and those inside folders among them.

    Raises
    ------
    SignpostError
        If a path does not exist or there is no file at all.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += sorted(_inside(path))
        elif path.is_file():
            files.append(path)
        else:
            raise SignpostError(f"there is no file or folder {path}")
    if not files:
        raise SignpostError(f"no pictures in {', '.join(map(str, paths))}")
    return files


def _inside(folder: Path) -> Iterator[Path]:
    unreadable: list[Path] = []
    for parent, _, names in os.walk(folder, onerror=lambda error: unreadable.append(Path(error.filename))):
        paths = (Path(parent, name) for name in names if not name.startswith("."))
        yield from (path for path in paths if _is_file(path))
    yield from unreadable  # reading it fails and says why, as for an unreadable file


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except PermissionError:
        return True
