"""Writes a model package: model, manifest and model card."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

from signpost.errors import PackageError
from signpost.model.manifest import Manifest
from signpost.model.package import MANIFEST, MODEL, open_package

KERAS_MODEL, CARD = "model.keras", "MODEL_CARD.md"


def write_package(folder: Path, manifest: Manifest, model: bytes, keras_model: bytes, card: str) -> None:
    """Write a package folder, replacing the files of an older one only once all parts are there and agree.

    Parameters
    ----------
    folder : Path
        Where the package goes.
    manifest : Manifest
        Its ``files`` are filled in here.
    model, keras_model : bytes
        ``model.tflite`` and ``model.keras``.
    card : str
        ``MODEL_CARD.md``.

    Raises
    ------
    PackageError
        If the result can't be opened, or the folder can't be written.
    """
    contents = {MODEL: model, KERAS_MODEL: keras_model, CARD: card.encode()}
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(contents.items())}
    contents[MANIFEST] = (manifest.model_copy(update={"files": digests}).model_dump_json(indent=2) + "\n").encode()
    fresh = folder / ".new"  # inside: a container's model folder can be a mount, which no rename leaves
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        for name, content in contents.items():
            (fresh / name).write_bytes(content)
        open_package(fresh)
        for name in contents:
            (fresh / name).replace(folder / name)
        fresh.rmdir()
    except OSError as error:
        raise PackageError(f"can't write the package to {folder}: {error.strerror}") from error


def git_revision(root: Path) -> str:
    """Name the commit that the code is at.

    Parameters
    ----------
    root : Path
        A folder of the checkout.

    Returns
    -------
    str
        The commit's hash, with ``-dirty`` where files were changed since; ``unknown`` outside a checkout or before
        its first commit.
    """
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
