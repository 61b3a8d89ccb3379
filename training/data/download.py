"""Downloads a file over HTTP: with progress, resume, retries and checksum."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from signpost.errors import DatasetError

_CHUNK = 256 * 1024
# Short: offline, the demo goes on to drawn pictures within this many seconds.
_TIMEOUT_S = 4.0
_ATTEMPTS = 5
_HOPELESS = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS)


class _Refused(OSError):
    """The server sends something else."""


def cache_folder() -> Path:
    """Name the folder of downloads: ``$XDG_CACHE_HOME/signpost``, else ``~/.cache/signpost``."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "signpost"


def part_of(target: Path) -> Path:
    """Name the file that holds what has come so far."""
    return target.with_name(target.name + ".part")


def download(url: str, checksum: str, size: int, target: Path, console: Console, pause_s: float = 1.0) -> Path:
    """Download a file, going on where an earlier attempt broke off.

    What has come so far is kept in ``<target>.part``; the target exists only once its checksum is right. A connection
    that breaks is tried anew, five times in all with growing pauses; where nothing comes at all there is an error at
    once. Where the server's file has changed since an earlier attempt, or can't be continued, it starts over.

    Parameters
    ----------
    url : str
        HTTP or HTTPS.
    checksum : str
        ``md5:`` or ``sha256:`` and hex digits. MD5 finds damage; it is no proof against a forger.
    size : int
        Bytes of the file; more are not taken.
    target : Path
    console : rich.console.Console
        Shows the progress.
    pause_s : float
        Seconds before the second attempt; each further one waits twice as long.

    Returns
    -------
    Path
        The target.

    Raises
    ------
    DatasetError
        If the server can't be reached, keeps breaking off, or sends something else. After a break the next call goes
        on.
    """
    part = part_of(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _alone(part):
            resumed = part.stat().st_size > 0
            found = _fetch_patiently(url, checksum, size, part, console, pause_s)
            if found != checksum and resumed:  # the first bytes may be those of another version
                console.print(f"What was kept of {target.name} belongs to another file: starting over.", markup=False)
                _forget(part)
                found = _fetch_patiently(url, checksum, size, part, console, pause_s)
            if found != checksum:
                _forget(part)
                raise DatasetError(f"{url} came with checksum {found}, expected {checksum}: the file was thrown away")
            part.replace(target)
            _mark(part).unlink(missing_ok=True)
    except OSError as error:
        raise DatasetError(f"can't write {target}: {error}") from error
    return target


def checksum_of(file: Path, algorithm: str) -> str:
    """Give a file's checksum, such as ``md5:`` and hex digits.

    Parameters
    ----------
    file : Path
    algorithm : str
        ``md5`` or ``sha256``.
    """
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, lambda: hashlib.new(algorithm, usedforsecurity=False))
    return f"{algorithm}:{digest.hexdigest()}"


def md5_of(file: Path) -> str:
    """Give a file's MD5 as hex digits; it tells damage, not forgery."""
    return checksum_of(file, "md5").partition(":")[2]


@contextmanager
def _alone(part: Path) -> Iterator[None]:
    """Keep two processes from writing the same file."""
    with part.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DatasetError(f"{part} is being downloaded by another process: wait for it") from None
        try:
            yield
        finally:
            if part.exists() and not part.stat().st_size:
                part.unlink()


def _fetch_patiently(url: str, checksum: str, size: int, part: Path, console: Console, pause_s: float) -> str:
    """Fetch the file, over several connections if need be, and give its checksum."""
    before = part.stat().st_size
    for attempt in range(_ATTEMPTS):
        try:
            _fetch(url, size, part, console)
            break
        except (OSError, http.client.HTTPException) as error:
            have = part.stat().st_size
            kept = f"; {have:,} bytes are kept, the next try goes on from there" if have else ""
            # Where nothing has come at all there is no network, and waiting would not bring one.
            if attempt == _ATTEMPTS - 1 or have <= before or _is_final(error):
                raise DatasetError(f"can't download {url}: {_reason(error)}{kept}") from error
            wait = pause_s * 2**attempt
            console.print(f"{_reason(error)}{kept}, in {wait:.0f} s", markup=False)
            time.sleep(wait)
    return checksum_of(part, checksum.partition(":")[0])


def _is_final(error: Exception) -> bool:
    """Tell whether another try would end the same way."""
    if isinstance(error, urllib.error.HTTPError):
        return error.code < http.HTTPStatus.INTERNAL_SERVER_ERROR
    return isinstance(error, _Refused) or getattr(error, "errno", None) in _HOPELESS


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answers {error.code} {error.reason}"
    if isinstance(error, urllib.error.URLError):
        return f"no connection ({error.reason}); copy the file here from a machine that has one"
    if isinstance(error, TimeoutError):
        return f"the server sent nothing for {_TIMEOUT_S:.0f} s"
    return str(error) or type(error).__name__


def _fetch(url: str, size: int, part: Path, console: Console) -> None:
    """Get what is missing of the file, or all of it where the server can't or must not continue."""
    start = part.stat().st_size
    if start >= size:
        return  # the checksum will tell
    headers = {"User-Agent": "signpost"}
    if start:
        headers["Range"] = f"bytes={start}-"
        if _mark(part).is_file():
            headers["If-Range"] = _mark(part).read_text()
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - an address of the catalogue
    with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310 - as above
        if answer.status == http.HTTPStatus.PARTIAL_CONTENT:
            # RFC 9110, section 14.4
            if answer.headers.get("Content-Range", "") != f"bytes {start}-{size - 1}/{size}":
                _forget(part)  # the server's file has changed
                _fetch(url, size, part, console)
                return
        else:
            start = 0
        _remember(answer, part)
        _store(answer, part, start, size, console)


def _remember(answer: http.client.HTTPResponse, part: Path) -> None:
    """Keep what names this version of the file; a weak ETag does not name its bytes (RFC 9110, section 13.1.5)."""
    tag = answer.headers.get("ETag", "")
    mark = tag if tag.startswith('"') else answer.headers.get("Last-Modified", "")
    if mark:
        _mark(part).write_text(mark)
    else:
        _mark(part).unlink(missing_ok=True)


def _store(answer: http.client.HTTPResponse, part: Path, start: int, size: int, console: Console) -> None:
    length = answer.headers.get("Content-Length", "")
    if length.isdigit() and start + int(length) != size:
        raise _Refused(f"the server's file has {start + int(length):,} bytes, expected {size:,}")
    done = start
    columns = (TextColumn("downloading"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with part.open("ab" if start else "wb") as file, Progress(*columns, console=console) as progress:
        task = progress.add_task(part.stem, total=size, completed=start)
        while chunk := answer.read(_CHUNK):
            done += len(chunk)
            if done > size:
                raise _Refused(f"the server sends more than the {size:,} bytes that were expected")
            file.write(chunk)
            progress.update(task, completed=done)
    if done < size:
        raise OSError(f"the connection broke off after {done:,} of {size:,} bytes")


def _mark(part: Path) -> Path:
    return part.with_name(part.name + ".version")


def _forget(part: Path) -> None:
    os.truncate(part, 0)  # and not removed: the lock is on this very file
    _mark(part).unlink(missing_ok=True)
