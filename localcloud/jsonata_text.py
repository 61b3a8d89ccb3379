"""JSONata's `$string` as its reference implementation writes objects and numbers.

The Python port of JSONata escapes every character outside ASCII, and writes the numbers inside objects as Python does.
"""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from jsonata.functions import Functions
from jsonata.utils import Utils

# JavaScript writes numbers outside of this range with an exponent.
_SMALLEST, _LARGEST = 1e-6, 1e21


def install() -> None:
    """Let the Python port write text as the reference implementation does."""
    # A static method's type has no names of parameters.
    Functions._string = staticmethod(_text_or(Functions._string))  # pyright: ignore[reportAttributeAccessIssue]


def _text_or(string: Callable[[Any, bool], str]) -> Callable[[Any, bool], str]:
    def text_of(value: Any, prettify: bool) -> str:
        return string(value, prettify) if prettify else as_text(value)

    return text_of


def as_text(value: Any) -> str:
    """Return a value as `$string` writes it.

    Parameters
    ----------
    value : Any
        What JSONata knows: JSON, or a function.

    Returns
    -------
    str
        JSON; functions are empty strings.
    """
    if value is None or value is Utils.NULL_VALUE:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number(float(f"{value:.15g}"))
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        return "{" + ",".join(f"{as_text(str(name))}:{as_text(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(as_text, value)) + "]"
    return '""'


def _number(value: float) -> str:
    if value.is_integer() and abs(value) < _LARGEST:
        return str(int(value))
    if _SMALLEST <= abs(value) < _LARGEST:
        return format(Decimal(repr(value)), "f")
    mantissa, _, exponent = repr(value).partition("e")
    return f"{mantissa}e{int(exponent):+d}"
