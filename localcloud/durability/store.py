"""The SQLite database that holds the state of the local cloud: a row for each part that changes by itself."""

import sqlite3
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple


class Unit(NamedTuple):
    """Identifier of a part of the state.

    Parameters
    ----------
    service : str
        MiniStack's name of the service, or the name of a collection.
    store : str
        The part of the service.
    key : str
        The entry in it.
    """

    service: str
    store: str
    key: str


Changes = dict[Unit, str | None]


class StateStore:
    """The database.

    Parameters
    ----------
    file : Path
        Where it is; it is created if necessary.
    """

    def __init__(self, file: Path) -> None:
        self._lock = threading.Lock()
        self._database = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        # A process that is killed loses nothing that was committed; a machine that loses its power may lose the last
        # commits, and finds the state of just before.
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS units (service TEXT, store TEXT, key TEXT, value TEXT, "
            "PRIMARY KEY (service, store, key))"
        )

    def is_empty(self) -> bool:
        """Return True where nothing was ever written."""
        return self._database.execute("SELECT 1 FROM units LIMIT 1").fetchone() is None

    def read(self, service: str) -> dict[Unit, str]:
        """Return every unit of a service, in the order in which they were first written.

        Parameters
        ----------
        service : str
            See `Unit`.

        Returns
        -------
        dict of Unit to str
            Values as JSON.
        """
        query = "SELECT service, store, key, value FROM units WHERE service = ? ORDER BY rowid"
        return {Unit(*names): value for *names, value in self._database.execute(query, (service,))}

    def write(self, changes: Mapping[Unit, str | None]) -> None:
        """Write all of the changes, or none if the process ends meanwhile.

        Parameters
        ----------
        changes : mapping of Unit to (str or None)
            New values; None deletes a unit.
        """
        with self._lock:
            self._write(changes)

    def _write(self, changes: Mapping[Unit, str | None]) -> None:
        removed = [unit for unit, value in changes.items() if value is None]
        written = [(*unit, value) for unit, value in changes.items() if value is not None]
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany("DELETE FROM units WHERE service = ? AND store = ? AND key = ?", removed)
            self._database.executemany(
                "INSERT INTO units VALUES (?, ?, ?, ?) "
                "ON CONFLICT (service, store, key) DO UPDATE SET value = excluded.value",
                written,
            )
