"""The index as an object in S3, which one function writes and those that serve the page copy."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

from review.index import SCHEMA, Index
from review.sync import Sources, sync
from signpost.aws.files import Bucket
from signpost.routing.prefixes import REVIEW_INDEX

# Listing 100,000 files takes 100 requests, which S3 charges for.
_WHOLE_EVERY = timedelta(hours=1)
# (https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html)
_LOST = ("PreconditionFailed", "ConditionalRequestConflict")


@dataclass(frozen=True)
class State:
    """How far an index is.

    Attributes
    ----------
    whole : str
        When everything was listed and read last, ISO 8601; empty before the first time.
    done, total : str
        How many of the new files were read, of those that were being read last.
    """

    whole: str = ""
    done: str = "0"
    total: str = "0"


@dataclass(frozen=True)
class SharedIndex:
    """The object.

    Attributes
    ----------
    bucket : Bucket
    settings : str
        The settings as JSON: others make another index.
    """

    bucket: Bucket
    settings: str

    @property
    def key(self) -> str:
        """Where it lies."""
        return f"{REVIEW_INDEX}{hashlib.sha256((SCHEMA + self.settings).encode()).hexdigest()[:16]}.sqlite"

    @property
    def version(self) -> str | None:
        """Its ETag; None while there is none."""
        return next((found.version for found in self.bucket.list(self.key)), None)

    def fetch(self, target: Path) -> tuple[str, State]:
        """Copy it; give its ETag and how far it is."""
        found = self.bucket.client.get_object(Bucket=self.bucket.name, Key=self.key)
        with target.open("wb") as file:
            for chunk in found["Body"].iter_chunks(2**20):
                file.write(chunk)
        return found["ETag"], State(**found["Metadata"])

    def put(self, source: Path, state: State, version: str | None) -> bool:
        """Write it, unless somebody else has since `version` was read; tell whether."""
        client: Any = self.bucket.client
        condition = {"IfMatch": version} if version else {"IfNoneMatch": "*"}
        try:
            with source.open("rb") as file:
                client.put_object(Bucket=self.bucket.name, Key=self.key, Body=file, Metadata=asdict(state), **condition)
        except client.exceptions.ClientError as error:
            if error.response["Error"]["Code"] in _LOST:
                return False
            raise
        return True


def bring_up_to_date(shared: SharedIndex, sources: Sources, folder: Path, seconds: float) -> State:
    """Read what is new into the shared index, for so many seconds; what is left is read the next time.

    Parameters
    ----------
    shared : SharedIndex
    sources : Sources
    folder : Path
        Room for the file.
    seconds : float

    Returns
    -------
    State
        How far it is now.
    """
    file, version, before = folder / "writing.sqlite", shared.version, State()
    file.unlink(missing_ok=True)
    if version:
        version, before = shared.fetch(file)
    read, pace, began = _digest(file), _Pace(seconds), datetime.now(UTC)
    whole = not before.whole or datetime.fromisoformat(before.whole) + _WHOLE_EVERY < began
    index = Index(file)
    try:
        sync(index, sources, pace, whole=whole)
        state = State(began.isoformat() if whole else before.whole)
    except _OutOfTime:
        state = State(before.whole, str(pace.done), str(pace.total))
    finally:
        index.close()
    # Nobody copies what has not changed.
    if state != before or _digest(file) != read:
        shared.put(file, state, version)
    return state


class _Pace:
    """Ends the reading when the time is over, but lets something be read each time."""

    def __init__(self, seconds: float) -> None:
        self._end, self._begun = monotonic() + seconds, False
        self.done = self.total = 0

    def __call__(self, done: int, total: int) -> None:
        self.done, self.total = done, total
        if self._begun and monotonic() > self._end:
            raise _OutOfTime
        self._begun = True


class _OutOfTime(Exception):
    """The rest is for the next time."""


def _digest(file: Path) -> str:
    if not file.exists():
        return ""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
