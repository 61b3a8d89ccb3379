"""Reads .tar, .tar.gz and .zip archives as hostile: in memory, within bounds, nothing is unpacked to disk."""

from __future__ import annotations

import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, cast

from signpost.errors import DatasetError

# The largest part of a known archive is CIFAR-100's train file, 155 MB; its whole is 187 MB.
MAX_MEMBER_BYTES = 512 * 2**20
MAX_TOTAL_BYTES = 8 * 2**30
MAX_MEMBERS = 2_000_000
_DAMAGED = (
    tarfile.TarError,
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


def read_archive(path: Path, wanted: Callable[[str], bool] = lambda _name: True) -> Iterator[tuple[str, bytes]]:
    """Read the plain files of an archive, one after another.

    Parameters
    ----------
    path : Path
        A ``.tar``, ``.tar.gz``, ``.tgz`` or ``.zip`` file, told apart by content.
    wanted : callable
        Says by name (without a leading ``./``) which files are worth reading.

    Yields
    ------
    name : str
        Path inside the archive, without a leading ``./``.
    content : bytes

    Raises
    ------
    DatasetError
        If the archive is damaged, of another type, or beyond the bounds.
    """
    members = _zip(path, wanted) if zipfile.is_zipfile(path) else _tar(path, wanted)
    total = 0
    try:
        for name, content in members:
            total += len(content)
            if total > MAX_TOTAL_BYTES:
                raise DatasetError(f"{path.name} unpacks to more than {MAX_TOTAL_BYTES:,} bytes: refused")
            yield name, content
    except _DAMAGED as error:
        raise DatasetError(f"{path.name} is damaged or no .tar, .tar.gz or .zip archive: {error}") from error


def list_names(path: Path) -> list[str]:
    """List the plain files of an archive; `read_archive` says what it may be and raises."""
    names: list[str] = []

    def note(name: str) -> bool:
        names.append(name)
        return False

    for _ in read_archive(path, note):
        pass
    return names


def _tar(path: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        stream = gzip.GzipFile(fileobj=file) if packed else file
        # A stream can't seek: every byte passes the bound once, also those of headers and skipped members.
        with tarfile.open(fileobj=cast(IO[bytes], _Bounded(stream, path.name)), mode="r|") as tar:
            for count, member in enumerate(tar):
                _check(path, member.name, member.size, count)
                if member.isfile() and wanted(name := member.name.removeprefix("./")):
                    content = tar.extractfile(member)
                    yield name, content.read() if content else b""


def _zip(path: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        for count, member in enumerate(archive.infolist()):
            _check(path, member.filename, member.file_size, count)
            if not member.is_dir() and wanted(name := member.filename.removeprefix("./")):
                with archive.open(member) as content:  # zipfile never reads beyond the size that it checked
                    yield name, content.read()


def _check(path: Path, name: str, size: int, count: int) -> None:
    if size > MAX_MEMBER_BYTES:
        raise DatasetError(f"{path.name}: {name} has {size:,} bytes, at most {MAX_MEMBER_BYTES:,} are allowed")
    if count >= MAX_MEMBERS:
        raise DatasetError(f"{path.name} has more than {MAX_MEMBERS:,} members: refused")


class _Bounded:
    """A stream that ends in an error once more was read than any dataset holds."""

    def __init__(self, stream: io.BufferedIOBase, name: str) -> None:
        self._stream = stream
        self._name = name
        self._left = MAX_TOTAL_BYTES

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise DatasetError(f"{self._name} unpacks to more than {MAX_TOTAL_BYTES:,} bytes: refused")
        return data
