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

from signpost.errors import ArchiveError, PackageError
from signpost.model.archives import Readable, TarBounds, read_tar
from signpost.model.manifest import Manifest
from signpost.validation import explain

MANIFEST, MODEL, ARCHIVE = "manifest.json", "model.tflite", "model.tar.gz"
# A package is a few MB; a hostile archive must not fill memory or disk.
_MAX_BYTES = 512 * 2**20
ARCHIVE_BOUNDS = TarBounds(total_bytes=_MAX_BYTES, member_bytes=_MAX_BYTES, members=64)


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
        return _checked({name: _read(path / name) for name in (MANIFEST, MODEL)}, str(path))
    if not path.is_file():
        raise PackageError(f"no model package at {path}: expected a folder or a model.tar.gz")
    try:
        with gzip.open(path) as stream:
            return read_package(stream, str(path))
    except OSError as error:
        raise PackageError(f"can't read {path}: {error.strerror or error}") from error


def open_model_folder(folder: Path) -> Package:
    """Open the package of a folder that holds it unpacked or, as SageMaker may leave it, as ``model.tar.gz``.

    Raises
    ------
    PackageError
        If it holds neither, or the package is broken.
    """
    if (folder / MANIFEST).is_file():
        return open_package(folder)
    if (folder / ARCHIVE).is_file():
        return open_package(folder / ARCHIVE)
    raise PackageError(f"no model package in {folder}: expected {MANIFEST} and {MODEL}, or {ARCHIVE}")


def read_package(stream: Readable, source: str) -> Package:
    """Open a package that comes as a tar archive, unpacking nothing to disk.

    Parameters
    ----------
    stream : Readable
        The unpacked archive, such as a `gzip.GzipFile`; read once, forwards.
    source : str
        Where it comes from, for messages.

    Returns
    -------
    Package

    Raises
    ------
    PackageError
        As `open_package`.
    """
    try:
        files = dict(read_tar(stream, ARCHIVE_BOUNDS, wanted=(MANIFEST, MODEL).__contains__))
    except (ArchiveError, OSError) as error:
        raise PackageError(f"{source} is no usable .tar.gz: {error}") from error
    return _checked(files, source)


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
        raise PackageError(f"{source}: the manifest is wrong: {explain(error.errors(), 'the file')}") from error


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


def _checked(files: dict[str, bytes], source: str) -> Package:
    for name in (MANIFEST, MODEL):
        if name not in files:
            raise PackageError(f"{source} has no {name}")
    manifest = parse_manifest(files[MANIFEST], source)
    digest = hashlib.sha256(files[MODEL]).hexdigest()
    if manifest.files.get(MODEL) != digest:
        raise PackageError(f"{source}: {MODEL} is not the file that the manifest names (sha256 {digest[:12]}…)")
    return Package(manifest, files[MODEL])
