"""Reads .tar, .tar.gz and .zip archives as hostile: in memory, within bounds, nothing is unpacked to disk.

A folder is read by the same functions.
"""

from __future__ import annotations

import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from signpost.errors import ArchiveError, DatasetError
from signpost.model.archives import TarBounds, read_tar

# The largest part of a known archive is CIFAR-100's train file, 155 MB; its whole is 187 MB.
MAX_MEMBER_BYTES = 512 * 2**20
MAX_TOTAL_BYTES = 8 * 2**30
MAX_MEMBERS = 2_000_000
_DAMAGED = (
    ArchiveError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    ValueError,
    OverflowError,
    NotImplementedError,  # zipfile: an unknown compression
    RuntimeError,  # zipfile: an encrypted member
)
_ADVICE = (
    "If it was downloaded or copied, that may have broken off: get it again (`signpost data fetch` for known datasets)."
)


def read_files(
    source: Path,
    wanted: Callable[[str], bool] = lambda _name: True,
    failed: Callable[[str, str], None] | None = None,
) -> Iterator[tuple[str, bytes]]:
    """Read the plain files of a folder or an archive, one after another.

    Parameters
    ----------
    source : Path
        A folder, or a ``.tar``, ``.tar.gz``, ``.tgz`` or ``.zip`` file, told apart by content.
    wanted : callable
        Says by name (with forward slashes, without a leading ``./``) which files are worth reading. It is told of
        folders too, whose names end with a slash.
    failed : callable or None
        Told the name of a file in a folder that can't be read, and why; None makes that an error.

    Yields
    ------
    name : str
        Path inside the source.
    content : bytes

    Raises
    ------
    DatasetError
        If there is nothing, or the archive is damaged, of another type, or beyond the bounds.
    """
    if source.is_dir():
        yield from _folder(source, wanted, failed)
        return
    if not source.is_file():
        raise DatasetError(f"no folder or archive at {source}")
    try:
        yield from _zip(source, wanted) if zipfile.is_zipfile(source) else _tar(source, wanted)
    except _DAMAGED as error:
        raise DatasetError(f"{source.name} is no usable .tar, .tar.gz or .zip archive: {error}. {_ADVICE}") from error


def list_names(source: Path) -> list[str]:
    """List the files of a folder or an archive, and the folders with a slash behind their names, sorted.

    `read_files` says what it may be and raises.
    """
    names: list[str] = []

    def note(name: str) -> bool:
        names.append(name)
        return False

    for _ in read_files(source, note):
        pass
    return sorted(names)


def _folder(
    source: Path, wanted: Callable[[str], bool], failed: Callable[[str, str], None] | None
) -> Iterator[tuple[str, bytes]]:
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source).as_posix()
        if path.is_dir():
            wanted(f"{name}/")
        elif (path.is_file() or _leads_nowhere(path)) and wanted(name):
            try:
                content = path.read_bytes()
            except OSError as error:
                reason = error.strerror or "can't be read"
                if failed is None:
                    raise DatasetError(f"{path}: {reason}") from error
                failed(name, reason)
                continue
            yield name, content


def _leads_nowhere(path: Path) -> bool:
    return path.is_symlink() and not path.exists()


def _tar(path: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    bounds = TarBounds(total_bytes=MAX_TOTAL_BYTES, member_bytes=MAX_MEMBER_BYTES, members=MAX_MEMBERS)
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        yield from read_tar(gzip.GzipFile(fileobj=file) if packed else file, bounds, wanted)


def _zip(path: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        _check(members)
        for member in members:
            if wanted(name := member.filename.removeprefix("./")) and not member.is_dir():
                with archive.open(member) as content:  # zipfile never reads beyond the size that was checked
                    yield name, content.read()


def _check(members: list[zipfile.ZipInfo]) -> None:
    largest = max(members, key=lambda member: member.file_size, default=None)
    if largest and largest.file_size > MAX_MEMBER_BYTES:
        allowed = f"at most {MAX_MEMBER_BYTES:,} are allowed"
        raise ArchiveError(f"{largest.filename!r} has {largest.file_size:,} bytes, {allowed}")
    if sum(member.file_size for member in members) > MAX_TOTAL_BYTES:
        raise ArchiveError(f"it unpacks to more than {MAX_TOTAL_BYTES:,} bytes")
    if len(members) > MAX_MEMBERS:
        raise ArchiveError(f"it has more than {MAX_MEMBERS:,} members")
