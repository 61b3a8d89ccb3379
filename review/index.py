"""The index: a SQLite file that says where each record is and what is known of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCHEMA = (Path(__file__).parent / "schema.sql").read_text(encoding="utf-8")
_BUSY_SECONDS = 30


class Index:
    """A SQLite file; each use has a connection of its own, so that threads share nothing.

    Parameters
    ----------
    path : Path
        The file; it is made where it is missing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.open() as database:
            database.execute("PRAGMA journal_mode = WAL")  # readers go on while records are added
            database.executescript(SCHEMA)
        self._last = self._hold()

    def close(self) -> None:
        """Let it go."""
        self._last.close()

    def replace(self, file: Path) -> None:
        """Take another file in its place, while nobody reads."""
        self.close()
        file.replace(self.path)
        self._last = self._hold()

    def _hold(self) -> sqlite3.Connection:
        # SQLite tidies up whenever the last connection is closed, for some milliseconds: so one stays open.
        last = sqlite3.connect(self.path, check_same_thread=False)
        last.execute("SELECT 1 FROM files")
        return last

    @contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """Open it for one transaction."""
        database = sqlite3.connect(self.path, timeout=_BUSY_SECONDS)
        database.row_factory = sqlite3.Row
        database.execute("PRAGMA synchronous = NORMAL")
        try:
            with database:
                yield database
        finally:
            database.close()

    def versions(self, kind: str) -> dict[str, str]:
        """Give the files of a kind that were read, with the version that was."""
        with self.open() as database:
            return dict(map(tuple, database.execute("SELECT key, version FROM files WHERE kind = ?", (kind,))))


def note_file(database: sqlite3.Connection, kind: str, key: str, version: str) -> None:
    """Remember that a file was read."""
    database.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?)", (key, version, kind))


def note_fault(database: sqlite3.Connection, file: str, line: int, message: str) -> None:
    """Remember a line that can't be read."""
    database.execute("INSERT INTO faults VALUES (?, ?, ?)", (file, line, message))


def forget_file(database: sqlite3.Connection, key: str) -> list[str]:
    """Forget what a file said, since it is gone or another now.

    Returns
    -------
    list of str
        Decisions of which other things may hold now.
    """
    said = "SELECT decision_id FROM said WHERE file = :key UNION SELECT decision_id FROM opinions WHERE file = :key"
    decisions = [row[0] for row in database.execute(said, {"key": key})]
    database.execute("DELETE FROM said WHERE file = ?", (key,))
    database.execute("DELETE FROM opinions WHERE file = ?", (key,))
    database.execute("DELETE FROM faults WHERE file = ?", (key,))
    database.execute("DELETE FROM files WHERE key = ?", (key,))
    database.execute("UPDATE records SET file = NULL, start = NULL, length = NULL WHERE file = ?", (key,))
    database.execute("UPDATE records SET decision_file = NULL, image = NULL WHERE decision_file = ?", (key,))
    database.execute("DELETE FROM records WHERE file IS NULL AND decision_file IS NULL")
    return decisions
