"""Turns what pydantic finds wrong with a TOML file into sentences: which key, what is wrong, what is allowed."""

from __future__ import annotations

import json
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from signpost.settings.types import ALLOWED

_Table = TypeVar("_Table", bound=BaseModel)


def validate_strictly(table: type[_Table], data: dict[str, Any]) -> _Table:
    """Make a table of what TOML holds, by TOML's own types: ``"100"`` is no number, ``1`` is not ``true``.

    Parameters
    ----------
    table : type of BaseModel
        What to make.
    data : dict
        As `tomllib` read it.

    Raises
    ------
    pydantic.ValidationError
        See `explain`.
    """
    # JSON knows neither paths nor enumerations, so strings stand for them there even strictly; it has no dates.
    return table.model_validate_json(json.dumps(data, default=lambda date: {"date": str(date)}), strict=True)


def explain(table: type[BaseModel], error: ValidationError) -> list[str]:
    """Return one line for each fault.

    Parameters
    ----------
    table : type of BaseModel
        What should have been made.
    error : ValidationError
        What was wrong with it.
    """
    return [_line(table, dict(fault)) for fault in error.errors()]


def _line(table: type[BaseModel], fault: dict[str, Any]) -> str:
    path = [part for part in fault["loc"] if part != "[key]"]
    kind, message = fault["type"], fault["msg"]
    if kind == "value_error":
        message = str(fault["ctx"]["error"])
    elif kind == "extra_forbidden":
        message = f"no such key; allowed are {', '.join(_keys_at(table, path[:-1]))}"
    elif kind == "missing":
        message = "the key is missing"
    elif kind == "string_pattern_mismatch":
        message = ALLOWED[fault["ctx"]["pattern"]]
    given = fault["input"]
    shown = f" (given: {given!r})" if isinstance(given, str | int | float) else ""
    return ".".join(map(str, path)) + ": " * bool(path) + message[0].lower() + message[1:] + shown


def _keys_at(table: Any, path: list[Any]) -> list[str]:
    """Return the keys that the table at a path may have."""
    for part in path:
        # Either a model's field or an entry of a dict of models.
        table = (
            table.model_fields[part].annotation if part in getattr(table, "model_fields", {}) else get_args(table)[1]
        )
        if type(None) in get_args(table):  # a table that may be left out
            table = get_args(table)[0]
    return list(table.model_fields)
