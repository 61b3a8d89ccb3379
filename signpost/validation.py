"""Faults of data that a pydantic model refuses, in Signpost's own words: pydantic's are for programmers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import ErrorDetails

# By pydantic's kind of fault (https://docs.pydantic.dev/latest/errors/validation_errors/); members of its context in
# braces. A kind that is not here is named by the longest one that it begins with.
_WORDS = {
    "json_invalid": "not valid JSON",
    "missing": "missing",
    "extra_forbidden": "not a known name",
    "string_type": "must be text",
    "string_unicode": "must be text in UTF-8",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must match {pattern}",
    "bytes": "must be text",
    "int": "must be a whole number",
    "float": "must be a number",
    "decimal": "must be a number",
    "finite_number": "must be a finite number",
    "bool": "must be true or false",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "list": "must be a list",
    "tuple": "must be a list",
    "set": "must be a list",
    "dict": "must be an object",
    "mapping": "must be an object",
    "model": "must be an object",
    "dataclass": "must be an object",
    "none_required": "must be null",
    "too_short": "must have at least {min_length} items",
    "too_long": "must have at most {max_length} items",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "date": "must be a date such as 2026-01-31",
    "datetime": "must be a date and time such as 2026-01-31T10:00:00Z",
    "timezone": "must have a time zone, as in 2026-01-31T10:00:00Z",
    "uuid": "must be a UUID",
    "url": "must be a URL",
}
_SHOWN = 3


def explain(faults: Sequence[ErrorDetails], whole: str = "the body") -> str:
    """Return what is wrong and where, without repeating the data.

    Parameters
    ----------
    faults : sequence of ErrorDetails
        From pydantic's ``ValidationError.errors()``.
    whole : str
        The name of the data as a whole; may be empty.

    Returns
    -------
    str
        The first faults, such as ``instances[0].b64: missing``, with semicolons between them.
    """
    return "; ".join(
        f"{path_of(fault['loc']) or whole}: {message_of(fault)}".removeprefix(": ") for fault in faults[:_SHOWN]
    )


def path_of(location: Sequence[int | str]) -> str:
    """Write the place of a fault as in a program, at most 80 characters of it; empty for the whole."""
    parts = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return parts.lstrip(".")[:80]


def message_of(fault: ErrorDetails | Mapping[str, Any]) -> str:
    """Write what is wrong at one place."""
    kind, context = fault["type"], fault.get("ctx", {})
    if kind in ("value_error", "assertion_error"):  # raised by a model of Signpost's, in its own words
        return str(context["error"])
    known = max((name for name in _WORDS if kind == name or kind.startswith(f"{name}_")), key=len, default=None)
    return _WORDS[known].format_map(context) if known else "not a valid value"
