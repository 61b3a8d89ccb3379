"""Writes a value into ``signpost.toml`` and leaves the rest of it, with its comments, as it is."""

from __future__ import annotations

from typing import Any

import tomlkit
from tomlkit.items import AoT, Table

from cli.connection import ROOT

FILE = ROOT / "signpost.toml"


def write_value(classifier: str, table: str, key: str, value: str | int) -> None:
    """Set a key of one of a classifier's tables.

    Parameters
    ----------
    classifier, table, key : str
        For instance ``vehicle``, ``endpoint``, ``image_uri``; a table that is not there is made.
    value : str or int
        What it becomes.
    """
    document = tomlkit.parse(FILE.read_text(encoding="utf-8"))
    classifiers: Any = document["classifiers"]
    found = classifiers[classifier].setdefault(table, tomlkit.table())
    if key in found:
        found[key] = value
    else:
        _add(found, key, value)
    FILE.write_text(tomlkit.dumps(document), encoding="utf-8")


def _add(table: Table, key: str, value: str | int) -> None:
    """Add a key after the last one: tomlkit would put it below a comment that is about the next table."""
    body = table.value.body
    keys = [n for n, (name, item) in enumerate(body) if name is not None and not isinstance(item, (Table, AoT))]
    body.insert(keys[-1] + 1 if keys else 0, (tomlkit.key(key), tomlkit.item(value)))
