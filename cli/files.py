"""Picture files that a user names."""

from __future__ import annotations

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
            files += sorted(file for file in path.rglob("*") if file.is_file() and not file.name.startswith("."))
        elif path.is_file():
            files.append(path)
        else:
            raise SignpostError(f"there is no file or folder {path}")
    if not files:
        raise SignpostError(f"no pictures in {', '.join(map(str, paths))}")
    return files
