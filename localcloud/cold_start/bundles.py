"""Lays out each function's bundle for this machine: as it is deployed, and as it would be without that work."""

from __future__ import annotations

import shutil
import sys
import zipfile
from pathlib import Path

from localcloud.cold_start.functions import Function
from stacks.constructs import bundling, wheels

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
SHIPPED, TRIMMED, PLAIN = "as deployed", "trimmed, not compiled", "neither"


def unpack(function: Function, folder: Path) -> Path:
    """Unpack a function's bundle into a folder, which is then returned."""
    archive = bundling.bundle(
        function.handler,
        function.requirements,
        python_version=PYTHON,
        platform=None,
        model=function.model,
        known_pictures=function.known_pictures,
    )
    zipfile.ZipFile(archive).extractall(folder)
    return folder


def lay_out(function: Function, folder: Path) -> dict[str, Path]:
    """Lay out a function three times.

    Parameters
    ----------
    function : Function
        Which one.
    folder : Path
        Where to; it is made anew.

    Returns
    -------
    dict of str to Path
        The folder of each kind: `SHIPPED`, what is deployed; `TRIMMED`, the same without compiled files; `PLAIN`, all
        wheels that the requirements name, as they are, not compiled.
    """
    shutil.rmtree(folder, ignore_errors=True)
    shipped, trimmed, plain = (folder / kind for kind in (SHIPPED, TRIMMED, PLAIN))
    unpack(function, shipped)
    shutil.copytree(shipped, trimmed, ignore=shutil.ignore_patterns("__pycache__"))
    wheels.fetch(function.requirements, plain, python_version=PYTHON, platform=None)
    files = bundling.own_files(function.handler, model=function.model, known_pictures=function.known_pictures)
    bundling.place(files, plain)
    return {SHIPPED: shipped, TRIMMED: trimmed, PLAIN: plain}


def megabytes(folder: Path) -> float:
    """Add up the files of a folder, in MB."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6
