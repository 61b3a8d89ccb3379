"""Brings the index up to date: reads what is new, hour by hour from the newest on, and forgets what is gone."""

from __future__ import annotations

import re
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from pydantic import BaseModel, Field

from review.index import Index, forget_file, note_fault, note_file
from review.judgements import note_correction, resettle
from review.rows import captured_row, decision_row
from signpost.aws.files import Files, Found
from signpost.capture.corrections import CORRECTIONS, Correction, Withdrawal
from signpost.capture.endpoints import labels_of
from signpost.capture.json_lines import line_files, parse_line, read_lines, record_files
from signpost.capture.originals import Originals
from signpost.capture.records import CapturedRecord
from signpost.capture.shadow import SHADOW
from signpost.capture.summary import Labels, describe, place
from signpost.routing.contracts import Decision
from signpost.routing.prefixes import DECISIONS, OPINIONS
from signpost.settings.file import Settings

_HOUR = re.compile(r"\d{4}/\d\d/\d\d(?:/\d\d)?(?=/)")
# What the captured record says of an image, the decision says too, and it is what counted; but the record's time is the
# more exact one.
_INSERT = """
INSERT INTO records ({columns}) VALUES ({values})
ON CONFLICT (decision_id) DO UPDATE SET {updates}
WHERE :decision_file IS NOT NULL OR records.file IS NULL OR excluded.time >= records.time
"""
# In a transaction; a correction has to wait for its end.
_FILES_AT_ONCE = 20
Progress = Callable[[int, int], None]
List = Callable[[str, str], Iterable[Found]]
Read = Callable[[sqlite3.Connection, Found], None]
# What files are called in the index, where they lie, how they are listed and read.
_Kind = tuple[str, str, List, Read]


class Opinion(BaseModel):
    """What Rekognition says that a picture shows."""

    decision_id: str = Field(min_length=1)
    label: str = Field(min_length=1)


@dataclass(frozen=True)
class Sources:
    """Where records, decisions and corrections lie.

    Attributes
    ----------
    captured : Files
        Captured records under `prefix`; corrections and opinions under prefixes of their own.
    prefix : str
    decisions : Files or None
        The archive of decisions, where there is one.
    originals : callable or None
        Fetches a picture that was not captured.
    settings : Settings
    """

    captured: Files
    prefix: str
    decisions: Files | None
    originals: Originals | None
    settings: Settings

    @cached_property
    def labels(self) -> Labels:
        """Names an endpoint's bare probabilities."""
        return labels_of(self.settings)


def sync(index: Index, sources: Sources, progress: Progress, *, whole: bool) -> None:
    """Bring the index up to date.

    Parameters
    ----------
    index : Index
    sources : Sources
    progress : callable
        Told now and then how many of how many new files were read.
    whole : bool
        Whether to list everything, and so to find new endpoints and what is gone; else only the latest two hours of
        what is known are listed.
    """
    for kind in _kinds(sources):
        _sync(index, kind, progress, whole=whole)


def sync_corrections(index: Index, sources: Sources) -> None:
    """Read the corrections that are new, of the latest two hours."""
    _sync(index, _kinds(sources)[0], lambda _done, _total: None, whole=False)


def _kinds(sources: Sources) -> list[_Kind]:
    captured, decisions, read = sources.captured, sources.decisions, _Reader(sources)
    kinds: list[_Kind] = [
        ("correction", CORRECTIONS, partial(line_files, captured), read.corrections),
        ("opinion", OPINIONS, partial(line_files, captured), read.opinions),
        ("captured", sources.prefix, partial(record_files, captured), read.records),
    ]
    if decisions:  # last, since each is a file of its own
        kinds.append(("decision", DECISIONS, decisions.list, read.decision))
    return kinds


def _sync(index: Index, files: _Kind, progress: Progress, *, whole: bool) -> None:
    kind, prefix, listing, reader = files
    known = index.versions(kind)
    begin = [(prefix, "")] if whole or not known else _latest(prefix, known)
    there = {found.key: found for root, after in begin for found in listing(root, after)}
    if whole:
        _forget(index, known.keys() - there.keys())
    new = [found for found in there.values() if known.get(found.key) != found.version]
    _read(index, kind, sorted(new, key=lambda found: _hour(found.key), reverse=True), reader, progress)


def _forget(index: Index, keys: Iterable[str]) -> None:
    for key in keys:
        with index.open() as database:
            resettle(database, forget_file(database, key))


def _read(index: Index, kind: str, new: Sequence[Found], reader: Read, progress: Progress) -> None:
    for start in range(0, len(new), _FILES_AT_ONCE):
        progress(start, len(new))
        with index.open() as database:
            for found in new[start : start + _FILES_AT_ONCE]:
                touched = forget_file(database, found.key)
                with suppress(FileNotFoundError):  # a correction that was taken back meanwhile
                    reader(database, found)
                    note_file(database, kind, found.key, found.version)
                resettle(database, touched)
    if new:
        with index.open() as database:
            database.execute("ANALYZE")  # which index serves a question depends on what the records are like


def _latest(prefix: str, known: Iterable[str]) -> list[tuple[str, str]]:
    """Say where to list: what lies before the hours of the known keys, and there behind the last hour but one."""
    hours: dict[str, set[str]] = defaultdict(set)
    for key in known:
        match = _HOUR.search(key)
        if match is None:  # a folder of another layout
            return [(prefix, "")]
        hours[key[: match.start()]].add(match[0])
    return [(root, root + min(sorted(found)[-2:])) for root, found in hours.items()]


class _Reader:
    """Reads one file of each kind into the index."""

    def __init__(self, sources: Sources) -> None:
        self._sources, self._limits = sources, sources.settings.limits.as_limits()

    def records(self, database: sqlite3.Connection, file: Found) -> None:
        key = file.key
        if place(key)[1] == SHADOW:  # it decides nothing
            return
        for line in read_lines(self._sources.captured, key, CapturedRecord):
            with _faults_noted(database, key, line.number):
                listed = describe(line, self._sources.labels, self._limits)
                if listed.said is None:
                    note_fault(database, key, line.number, listed.error or "")
                else:
                    row = captured_row(line, listed, self._sources.settings)
                    _add(database, row, keep={"classifier", "outcome", "route", "reason", "threshold"})

    def decision(self, database: sqlite3.Connection, file: Found) -> None:
        key = file.key
        if self._sources.decisions is None or not key.endswith(".json"):
            return
        found = parse_line(b"".join(self._sources.decisions.chunks(key)), Decision)
        if isinstance(found, str):
            note_fault(database, key, 1, found)
            return
        with _faults_noted(database, key, 1):
            _add(database, decision_row(file, found), keep={"time"})

    def corrections(self, database: sqlite3.Connection, file: Found) -> None:
        key = file.key
        for line in read_lines(self._sources.captured, key, Withdrawal, Correction):
            if line.content is None:
                note_fault(database, key, line.number, line.fault or "")
            else:
                note_correction(database, line.content, key)

    def opinions(self, database: sqlite3.Connection, file: Found) -> None:
        key = file.key
        for line in read_lines(self._sources.captured, key, Opinion):
            if line.content is None:
                note_fault(database, key, line.number, line.fault or "")
            else:
                given = (line.content.decision_id, line.content.label, key)
                database.execute("INSERT OR REPLACE INTO opinions VALUES (?, ?, ?)", given)
                resettle(database, given[:1])


@contextmanager
def _faults_noted(database: sqlite3.Connection, key: str, line: int) -> Iterator[None]:
    """Note what the index can't hold as a fault of its line: one line must not end the reading of all others."""
    try:
        yield
    # No other error of SQLite: a full disk or a lock is not the line's fault, and the file has to be read again.
    except ValueError as error:
        note_fault(database, key, line, f"it can't be indexed: {error}")
    except (OverflowError, sqlite3.DataError, sqlite3.IntegrityError):
        note_fault(database, key, line, "it can't be indexed: a value is missing or too large")


def _add(database: sqlite3.Connection, row: dict[str, Any], keep: set[str]) -> None:
    """Add a row; of one that is there already, those of `keep` stay if they are known, and all if it is newer."""
    updates = ", ".join(
        f"{name} = coalesce(records.{name}, excluded.{name})" if name in keep else f"{name} = excluded.{name}"
        for name in row
    )
    statement = _INSERT.format(columns=", ".join(row), values=", ".join(f":{name}" for name in row), updates=updates)
    database.execute(statement, {"decision_file": None} | row)
    resettle(database, [row["decision_id"]])


def _hour(key: str) -> str:
    match = _HOUR.search(key)
    return match[0] if match else ""
