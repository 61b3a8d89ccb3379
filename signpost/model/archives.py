"""Reads tar archives as hostile: as a stream, within bounds, believing none of the sizes that they claim."""

from __future__ import annotations

import shutil
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol, cast

from signpost.errors import ArchiveError

# What may lie between two members: headers with long names. tarfile takes them into memory before anybody sees them.
_MAX_HEADER_BYTES = 2**20
# RecursionError: a chain of such headers; the other built-in ones: numbers and names that are none.
_DAMAGE = (tarfile.TarError, OSError, EOFError, zlib.error, ValueError, OverflowError, RecursionError)


@dataclass(frozen=True)
class TarBounds:
    """How much an archive may hold.

    Attributes
    ----------
    total_bytes : int
        All files together, and the unpacked archive itself.
    member_bytes : int
        One file; this much memory may be taken.
    members : int
        Files, folders and whatever else it lists.
    """

    total_bytes: int
    member_bytes: int
    members: int


class Readable(Protocol):
    """What can be read forwards."""

    def read(self, size: int, /) -> bytes:
        """Read at most so many bytes."""
        ...


def read_tar(
    stream: Readable, bounds: TarBounds, wanted: Callable[[str], bool] = lambda _name: True
) -> Iterator[tuple[str, bytes]]:
    """Read the plain files of a tar archive, one after another; links, devices and folders are passed over.

    Parameters
    ----------
    stream : Readable
        The unpacked archive, such as a `gzip.GzipFile`; read once, forwards.
    bounds : TarBounds
    wanted : callable
        Says by name (without a leading ``./``) which files are worth reading. It is told of folders too, whose names
        end with a slash.

    Yields
    ------
    name : str
        Path inside the archive, without a leading ``./``. It may lead anywhere: don't write to it.
    content : bytes

    Raises
    ------
    ArchiveError
        If the archive is damaged or beyond the bounds.
    """
    with _damage_refused():
        for tar, member in _members(stream, bounds):
            name = member.name.removeprefix("./")
            if member.isdir():
                wanted(name.rstrip("/") + "/")
            elif member.isfile() and wanted(name):
                content = tar.extractfile(member)
                yield name, content.read() if content else b""


def unpack_tar(stream: Readable, folder: Path, bounds: TarBounds) -> None:
    """Write the plain files and folders of a tar archive into a folder.

    Parameters
    ----------
    stream : Readable
        The unpacked archive, such as a `gzip.GzipFile`; read once, forwards.
    folder : Path
        Where the files go; it must exist. After an error it may hold some of them.
    bounds : TarBounds

    Raises
    ------
    ArchiveError
        If the archive is damaged, beyond the bounds, or holds a link, a device or a path that leads outside.
    """
    with _damage_refused():
        for tar, member in _members(stream, bounds):
            if not (member.isfile() or member.isdir()):
                raise ArchiveError(f"{member.name!r} is neither a file nor a folder")
            _extract(tar, member, folder.resolve())


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """Write a file or make a folder, as tarfile's filter "data" does, which Python lacks before 3.11.4."""
    target = (folder / member.name.lstrip("/")).resolve()
    if not target.is_relative_to(folder):
        raise ArchiveError(f"{member.name!r} leads outside")
    if member.isdir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with cast(IO[bytes], tar.extractfile(member)) as content, target.open("wb") as file:
        shutil.copyfileobj(content, file)


def _members(stream: Readable, bounds: TarBounds) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
    metered = _Metered(stream)
    total = 0
    # As a stream ("r|") tarfile reads in small blocks, so that the meter stops it before memory is taken.
    with tarfile.open(fileobj=cast(IO[bytes], metered), mode="r|") as tar:
        for count, member in enumerate(iter(tar.next, None), start=1):
            if member.size < 0:
                raise ArchiveError(f"{member.name!r} claims a size below zero")
            total += member.size  # of a sparse file this is more than the archive holds
            if member.size > bounds.member_bytes:
                allowed = f"at most {bounds.member_bytes:,} are allowed"
                raise ArchiveError(f"{member.name!r} has {member.size:,} bytes, {allowed}")
            if max(total, tar.offset) > bounds.total_bytes:
                raise ArchiveError(f"it unpacks to more than {bounds.total_bytes:,} bytes")
            if count > bounds.members:
                raise ArchiveError(f"it has more than {bounds.members:,} members")
            metered.end = tar.offset + _MAX_HEADER_BYTES
            tar.members.clear()  # pyright: ignore[reportAttributeAccessIssue] - tarfile would keep them all
            yield tar, member


class _Metered:
    """A stream that ends in an error where the next member should have begun by then."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._position = 0
        self.end = _MAX_HEADER_BYTES

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._position += len(data)
        if self._position > self.end:
            raise ArchiveError(f"a header has more than {_MAX_HEADER_BYTES:,} bytes")
        return data


@contextmanager
def _damage_refused() -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise ArchiveError(f"it is damaged or no tar archive: {error}") from error
