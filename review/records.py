"""What the index answers: pages of records, one record, what there is to choose from."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from review.filters import Filter, Order
from signpost.routing.contracts import ImageRef

PAGE = 24
_ORDERS = {Order.DOUBT: "doubt", Order.TIME: "time"}
_CHOICES = ("classifier", "label", "outcome", "model")


@dataclass(frozen=True)
class Record:
    """One decision, as the index knows it; see ``schema.sql``."""

    row: sqlite3.Row

    def __getattr__(self, name: str) -> Any:
        """Give a column."""
        try:
            return self.row[name]
        except IndexError as error:
            raise AttributeError(name) from error

    @property
    def probabilities(self) -> dict[str, float]:
        """Probability of every label, the most probable first."""
        found: dict[str, float] = json.loads(self.row["probabilities"] or "{}")
        return dict(sorted(found.items(), key=lambda pair: -pair[1]))

    @property
    def upload(self) -> ImageRef | None:
        """Location of the uploaded image; None where no decision names it."""
        found = ImageRef.model_validate_json(self.row["image"]) if self.row["image"] else None
        return found if found and found.bucket and found.key else None

    @property
    def file_name(self) -> str:
        """The last part of the image's key; empty where there is none."""
        return self.upload.key.rstrip("/").rpartition("/")[2] if self.upload and self.upload.key else ""

    def cursor(self, order: Order) -> str:
        """Say where in an order it is: the page after it begins there."""
        return json.dumps([self.row[_ORDERS[order]], self.row["id"]])


def page(database: sqlite3.Connection, chosen: Filter, after: str | None, size: int = PAGE) -> list[Record]:
    """Give a page of records.

    Parameters
    ----------
    database : sqlite3.Connection
    chosen : Filter
    after : str or None
        Cursor of the last record of the page before.
    size : int

    Returns
    -------
    list of Record

    Raises
    ------
    ValueError
        If the cursor is none.
    """
    condition, values = chosen.where()
    column = _ORDERS[chosen.order]
    if after:
        condition += f" AND ({column}, id) < (:last, :last_id)"
        values["last"], values["last_id"] = _position(after)
    # The conditions and the column are this module's own text.
    statement = f"SELECT * FROM records WHERE {condition} ORDER BY {column} DESC, id DESC LIMIT :size"  # noqa: S608
    return [Record(row) for row in database.execute(statement, values | {"size": size})]


def every(database: sqlite3.Connection, chosen: Filter) -> Iterator[Record]:
    """Give all records, one by one."""
    condition, values = chosen.where()
    for row in database.execute(f"SELECT * FROM records WHERE {condition} ORDER BY id", values):  # noqa: S608
        yield Record(row)


def one(database: sqlite3.Connection, decision_id: str) -> Record | None:
    """Find a record by its decision's id."""
    row = database.execute("SELECT * FROM records WHERE decision_id = ?", (decision_id,)).fetchone()
    return Record(row) if row else None


def count(database: sqlite3.Connection, chosen: Filter) -> int:
    """Count records."""
    condition, values = chosen.where()
    return database.execute(f"SELECT count(*) FROM records WHERE {condition}", values).fetchone()[0]  # noqa: S608


def choices(database: sqlite3.Connection) -> dict[str, list[str]]:
    """Give the values that a form can choose from, by column."""
    # Each value is looked up right behind the last one, in an index, instead of in all rows.
    return {column: list(_distinct(database, column)) for column in _CHOICES}


def faults(database: sqlite3.Connection, size: int) -> tuple[int, list[sqlite3.Row]]:
    """Count what can't be read, and give some of it."""
    found = database.execute("SELECT file, line, message FROM faults ORDER BY file, line LIMIT ?", (size,)).fetchall()
    return database.execute("SELECT count(*) FROM faults").fetchone()[0], found


def _distinct(database: sqlite3.Connection, column: str) -> Iterator[str]:
    statement = f"SELECT min({column}) FROM records WHERE {column} > ?"  # noqa: S608
    value = ""
    while (value := database.execute(statement, (value,)).fetchone()[0]) is not None:
        yield value


def _position(cursor: str) -> tuple[float | str, int]:
    try:
        value, number = json.loads(cursor)
        if isinstance(value, int | float | str) and isinstance(number, int):
            return value, number
    except (ValueError, TypeError, RecursionError):
        pass
    raise ValueError("the page's cursor is none")
