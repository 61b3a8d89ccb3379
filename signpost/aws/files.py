"""Files by key, in a bucket or in a folder: what records and corrections are read from and written to."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from signpost.errors import SignpostError

_CHUNK = 2**20


@dataclass(frozen=True)
class Found:
    """A file that is there.

    Attributes
    ----------
    key : str
        With slashes; in a folder relative to it.
    version : str
        Another one whenever the content is another.
    modified : datetime or None
        When the content was written, if that is known.
    """

    key: str
    version: str
    modified: datetime | None = None


class Files(Protocol):
    """Files by key."""

    def list(self, prefix: str = "", after: str = "") -> Iterator[Found]:
        """List the files whose keys begin so and come after another, in the order of their keys."""
        ...

    def chunks(self, key: str) -> Iterator[bytes]:
        """Read a file piece by piece; `FileNotFoundError` if it is gone."""
        ...

    def read(self, key: str, start: int, length: int) -> bytes:
        """Read a part of a file; `FileNotFoundError` if it is gone."""
        ...

    def write(self, key: str, content: bytes) -> None:
        """Write a file whole or not at all; once this returns, it stays."""
        ...

    def delete(self, key: str) -> None:
        """Delete a file; it may be gone already."""
        ...


@dataclass(frozen=True)
class Bucket:
    """The files of an S3 bucket.

    Attributes
    ----------
    client : boto3 S3 client
    name : str
    """

    client: Any
    name: str

    def list(self, prefix: str = "", after: str = "") -> Iterator[Found]:
        """See `Files`."""
        begin = {"StartAfter": after} if after else {}
        for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix, **begin):
            for item in page.get("Contents", []):
                yield Found(item["Key"], item.get("ETag", ""), item.get("LastModified"))

    def chunks(self, key: str) -> Iterator[bytes]:
        """See `Files`."""
        return self._get(key).iter_chunks(_CHUNK)

    def read(self, key: str, start: int, length: int) -> bytes:
        """See `Files`."""
        return self._get(key, Range=f"bytes={start}-{start + length - 1}").read()

    def write(self, key: str, content: bytes) -> None:
        """See `Files`."""
        self.client.put_object(Bucket=self.name, Key=key, Body=content)

    def delete(self, key: str) -> None:
        """See `Files`."""
        self.client.delete_object(Bucket=self.name, Key=key)

    def _get(self, key: str, **more: str) -> Any:
        try:
            return self.client.get_object(Bucket=self.name, Key=key, **more)["Body"]
        except self.client.exceptions.NoSuchKey as error:
            raise FileNotFoundError(key) from error


@dataclass(frozen=True)
class Folder:
    """The files in a folder and below it; nothing outside it, whatever a key or a link says.

    Attributes
    ----------
    path : Path
    """

    path: Path

    def list(self, prefix: str = "", after: str = "") -> Iterator[Found]:
        """See `Files`."""
        paths = {path.relative_to(self.path).as_posix(): path for path in self.path.rglob("*")}
        for key in sorted(paths):
            path = paths[key]
            # A name that is no UTF-8 could be neither shown nor stored; S3 has none such.
            is_text = key == key.encode(errors="replace").decode()
            if is_text and key.startswith(prefix) and key > after and path.is_file() and not path.is_symlink():
                stat = path.stat()
                yield Found(key, f"{stat.st_size}-{stat.st_mtime_ns}", datetime.fromtimestamp(stat.st_mtime, UTC))

    def chunks(self, key: str) -> Iterator[bytes]:
        """See `Files`."""
        with self._inside(key).open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk

    def read(self, key: str, start: int, length: int) -> bytes:
        """See `Files`."""
        with self._inside(key).open("rb") as file:
            file.seek(start)
            return file.read(length)

    def write(self, key: str, content: bytes) -> None:
        """See `Files`."""
        target = self._inside(key)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".", delete=False) as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(file.name).replace(target)
            _synchronise(target.parent)
        except OSError as error:
            raise SignpostError(f"can't write {target}: {error.strerror}") from error

    def delete(self, key: str) -> None:
        """See `Files`."""
        self._inside(key).unlink(missing_ok=True)

    def _inside(self, key: str) -> Path:
        path = (self.path / key).resolve()
        if not path.is_relative_to(self.path.resolve()):
            raise SignpostError(f"{key} is not inside {self.path}")
        return path


def _synchronise(folder: Path) -> None:
    """Bring a folder's own entries to the disk: a rename is one."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
