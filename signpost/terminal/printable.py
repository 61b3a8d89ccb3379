"""Text of others (file names, S3 keys, messages) that is safe on a terminal and stays on its line."""

from __future__ import annotations

import re
import unicodedata

# Control characters, format characters that reorder or hide text, line separators, and lone surrogates: what
# Python makes of the bytes of a file name that are not UTF-8.
_UNSAFE = {"Cc", "Cs", "Zl", "Zp"}
_REORDERING = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_CONTINUED = re.compile(r"(\n {2})")


def printable(text: str) -> str:
    r"""Return a text with its control characters escaped, as in ``a\nb``.

    Bidirectional controls and bytes that are no UTF-8 count as control characters. The result has no line break.

    Parameters
    ----------
    text : str
        For instance a file name or an S3 key.
    """
    return "".join(_escape(character) if _is_unsafe(character) else character for character in text)


def printable_message(text: str) -> str:
    """Return a message with its control characters escaped, except line breaks that an indented line follows.

    Messages of several lines indent all but the first, which a name cannot imitate at the start of a line.

    Parameters
    ----------
    text : str
        Message of an error.
    """
    return "".join(part if part == "\n  " else printable(part) for part in _CONTINUED.split(text))


def _is_unsafe(character: str) -> bool:
    return unicodedata.category(character) in _UNSAFE or character in _REORDERING


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name, by `os.fsdecode`
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
