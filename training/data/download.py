"""Fetches the official CIFAR-100 archive: with progress, resume and checksum."""

from __future__ import annotations

import hashlib
import http.client
import os
import urllib.error
import urllib.request
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from signpost.errors import DatasetError

CIFAR100_URL = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"
CIFAR100_MD5 = "eb9058c3a382ffc7106e4002c42a8d85"  # as the page of the dataset states it
CIFAR100_FILE = "cifar-100-python.tar.gz"
_CHUNK = 256 * 1024
_MAX_BYTES = 2 * 2**30
# Short: offline, the demo goes on to drawn pictures within this many seconds.
_TIMEOUT_S = 4.0


def cache_folder() -> Path:
    """Name the folder of downloads: ``$XDG_CACHE_HOME/signpost``, else ``~/.cache/signpost``."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "signpost"


def cached_cifar100() -> Path | None:
    """Give the cached official archive, or None where there is none or it is damaged."""
    archive = cache_folder() / CIFAR100_FILE
    return archive if archive.is_file() and md5_of(archive) == CIFAR100_MD5 else None


def cifar100_archive(console: Console) -> Path:
    """Give the official CIFAR-100 archive, from the cache or downloaded.

    Parameters
    ----------
    console : rich.console.Console
        Shows the progress bar.

    Returns
    -------
    Path

    Raises
    ------
    DatasetError
        If it can't be downloaded.
    """
    return cached_cifar100() or download(CIFAR100_URL, CIFAR100_MD5, cache_folder() / CIFAR100_FILE, console)


def download(url: str, md5: str, target: Path, console: Console) -> Path:
    """Download a file, going on where an earlier attempt was broken off.

    What has come so far is kept in ``<target>.part``; the target exists only once its checksum is right.

    Parameters
    ----------
    url : str
        HTTP or HTTPS.
    md5 : str
        Expected checksum, hex. It finds damage; it is not proof against a forger.
    target : Path
    console : rich.console.Console
        Shows the progress bar.

    Returns
    -------
    Path
        The target.

    Raises
    ------
    DatasetError
        If the server can't be reached, breaks off, or sends something else. After a break the next call goes on.
    """
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _fetch(url, part, console)
    except (OSError, http.client.HTTPException) as error:
        kept = f"; {part.stat().st_size:,} bytes are kept, the next try goes on from there" if part.exists() else ""
        raise DatasetError(f"can't download {url}: {_reason(error)}{kept}") from error
    found = md5_of(part)
    if found != md5:
        part.unlink()
        raise DatasetError(f"{url} came with checksum {found}, expected {md5}: the file was thrown away")
    part.replace(target)
    return target


def md5_of(file: Path) -> str:
    """Give a file's MD5 as hex digits; it tells damage, not forgery."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _fetch(url: str, part: Path, console: Console) -> None:
    start = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={start}-"} if start else {})  # noqa: S310 - constant
    try:
        answer = urllib.request.urlopen(request, timeout=_TIMEOUT_S)  # noqa: S310 - as above
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and start:
            return  # everything is there already; the checksum will tell
        raise
    with answer:
        if answer.status != http.HTTPStatus.PARTIAL_CONTENT:
            start = 0  # the server knows no ranges and sends the whole file
        length = answer.headers.get("Content-Length")
        total = start + int(length) if length and length.isdigit() else None
        _store(answer, part, start, total, console)


def _store(answer: http.client.HTTPResponse, part: Path, start: int, total: int | None, console: Console) -> None:
    columns = (TextColumn("downloading"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    done = start
    with part.open("ab" if start else "wb") as file, Progress(*columns, console=console) as progress:
        task = progress.add_task(part.stem, total=total, completed=start)
        while chunk := answer.read(_CHUNK):
            done += len(chunk)
            if done > _MAX_BYTES:
                raise OSError(f"the server sends more than {_MAX_BYTES:,} bytes")
            file.write(chunk)
            progress.update(task, completed=done)
    if total is not None and done < total:
        raise OSError(f"the connection broke off after {done:,} of {total:,} bytes")


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.URLError) and not isinstance(error, urllib.error.HTTPError):
        return f"no connection ({error.reason})"
    return str(error) or type(error).__name__
