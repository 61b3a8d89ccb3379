"""The model package: a folder, or the same folder as ``model.tar.gz``.

It holds ``manifest.json``, ``model.tflite``, ``model.keras`` (to train on) and ``MODEL_CARD.md``.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from signpost.archives import TarBounds, read_tar
from signpost.errors import ArchiveError, PackageError
from signpost.manifest import Manifest

MANIFEST, MODEL = "manifest.json", "model.tflite"
# A package is a few MB; a hostile archive must not fill memory or disk.
_MAX_BYTES = 512 * 2**20
_MAX_FILES = 64


@dataclass(frozen=True)
class Package:
    """An opened package: its manifest and the bytes of its LiteRT model."""

    manifest: Manifest
    model: bytes


def open_package(path: Path) -> Package:
    """Open a package and check that its model is the one that its manifest names.

    Parameters
    ----------
    path : Path
        A folder or a ``.tar.gz`` file.

    Returns
    -------
    Package

    Raises
    ------
    PackageError
        If a part is missing, the manifest is wrong, or the model's digest differs.
    """
    if path.is_dir():
        files = {name: _read(path / name) for name in (MANIFEST, MODEL)}
    elif path.is_file():
        files = _read_archive(path)
    else:
        raise PackageError(f"no model package at {path}: expected a folder or a model.tar.gz")
    for name in (MANIFEST, MODEL):
        if name not in files:
            raise PackageError(f"{path} has no {name}")
    manifest = parse_manifest(files[MANIFEST], source=str(path))
    digest = hashlib.sha256(files[MODEL]).hexdigest()
    if manifest.files.get(MODEL) != digest:
        raise PackageError(f"{path}: {MODEL} is not the file that the manifest names (sha256 {digest[:12]}…)")
    return Package(manifest, files[MODEL])


def parse_manifest(text: bytes | str, source: str) -> Manifest:
    """Parse a manifest.

    Raises
    ------
    PackageError
        Naming the source, the key and what is wrong with it.
    """
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in error.errors())
        raise PackageError(f"{source}: the manifest is wrong: {faults}") from error


def pack(folder: Path, archive: Path) -> None:
    """Write a package folder as ``model.tar.gz``, the same bytes for the same files.

    Parameters
    ----------
    folder : Path
        An unpacked package.
    archive : Path
        File to write.

    Raises
    ------
    PackageError
        If the folder is no package.
    """
    open_package(folder)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for file in sorted(p for p in folder.iterdir() if p.is_file()):
            info = tarfile.TarInfo(file.name)  # no owner, no time: reproducible
            info.size = file.stat().st_size
            info.mode = 0o644
            tar.addfile(info, io.BytesIO(file.read_bytes()))
    archive.parent.mkdir(parents=True, exist_ok=True)
    archive.write_bytes(gzip.compress(buffer.getvalue(), mtime=0))


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise PackageError(f"can't read {file}: {error.strerror}") from error


def _read_archive(path: Path) -> dict[str, bytes]:
    """Read the two files that a predictor needs, unpacking nothing to disk."""
    bounds = TarBounds(total_bytes=_MAX_BYTES, member_bytes=_MAX_BYTES, members=_MAX_FILES)
    try:
        with gzip.open(path) as stream:
            return dict(read_tar(stream, bounds, wanted=(MANIFEST, MODEL).__contains__))
    except (ArchiveError, OSError) as error:
        raise PackageError(f"{path} is no usable .tar.gz: {error}") from error
