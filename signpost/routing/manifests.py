"""Manifests: files that name the images of a batch.

A manifest is a JSON array, JSON lines, CSV, a text file with a key per line, or an S3 Inventory (see
`signpost.routing.inventories`); in UTF-8 with or without a byte order mark, compressed with gzip or not. Its kind
follows from its content, and for CSV and text from the end of its name.
"""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from signpost.errors import BadBatch
from signpost.routing.events import LONGEST_KEY, LONGEST_NAME, usable_text

Reference = dict[str, str]
_GZIP, _BLANKS = b"\x1f\x8b", " \t\r\n"
# Members of a reference, by their names without "s3_", underscores and capitals, and their longest values in bytes.
_MEMBERS = {
    "bucket": ("s3_bucket", LONGEST_KEY),
    "key": ("s3_key", LONGEST_KEY),
    "versionid": ("version_id", LONGEST_KEY),
    "classifier": ("classifier", LONGEST_NAME),
}
_ALLOWED = 'allowed is a key, or an object with "s3_key" and optionally "s3_bucket", "version_id" and "classifier"'


def read_references(path: Path, name: str) -> Iterator[Reference]:
    """Yield the references of a manifest, in their order.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        Its key, for messages and for the end of its name.

    Yields
    ------
    dict
        ``s3_key``, and ``s3_bucket``, ``version_id`` and ``classifier`` where the item has them.

    Raises
    ------
    BadBatch
        At the first item that is no reference; the message names it.
    """
    with opened(path, name) as text:
        for place, item in _items(text, name):
            yield reference(item, f"{place} of {name}")


@contextmanager
def opened(path: Path, name: str) -> Iterator[TextIO]:
    """Open a file as text, unpacked.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        Its key, for messages.

    Yields
    ------
    TextIO
        Its text, with its line ends.

    Raises
    ------
    BadBatch
        If it is damaged or not UTF-8.
    """
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
    try:
        with (gzip.open if packed else open)(path, "rt", encoding="utf-8-sig", newline="") as text:
            yield text
    except UnicodeDecodeError as error:
        raise BadBatch(f"{name} is no text in UTF-8; allowed are JSON, JSON lines, CSV and an S3 Inventory.") from error
    except (EOFError, OSError, zlib.error) as error:
        raise BadBatch(f"{name} can't be unpacked: {error}.") from error


def first_character(text: TextIO) -> str:
    """Return the first character that is no space, '' in an empty file. The text is at its start again."""
    start = next((line.lstrip(_BLANKS) for line in text if line.strip(_BLANKS)), "")
    text.seek(0)
    return start[:1]


def rows(text: TextIO, name: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of CSV that are not blank, each with its last line's number.

    Parameters
    ----------
    text : TextIO
        CSV.
    name : str
        The file's key, for messages.

    Raises
    ------
    BadBatch
        If it is no CSV.
    """
    reader = csv.reader(text, strict=True)
    try:
        for row in reader:
            if any(cell.strip(_BLANKS) for cell in row):
                yield reader.line_num, row
    except csv.Error as error:
        raise BadBatch(f"Line {reader.line_num} of {name} is no CSV: {error}.") from error


def reference(item: Any, place: str) -> Reference:
    """Return one item of a manifest as a reference.

    Parameters
    ----------
    item : Any
        A key, or an object; members of other names are ignored, and so are those that are null or empty.
    place : str
        Which item of which file, for messages.

    Returns
    -------
    dict
        See `read_references`.

    Raises
    ------
    BadBatch
        If it is neither.
    """
    members = {"key": item} if isinstance(item, str) else item
    found: Reference = {}
    for name, value in members.items() if isinstance(members, dict) else ():
        member, longest = _MEMBERS.get(_plain(name), (None, 0))
        if member and value not in (None, ""):
            if not usable_text(value, longest):
                raise BadBatch(f"{place} has no usable {name}: {_shown(value)}; {_ALLOWED}.")
            found[member] = value
    if "s3_key" not in found:
        raise BadBatch(f"{place} is {_shown(item)}; {_ALLOWED}.")
    return found


def _items(text: TextIO, name: str) -> Iterable[tuple[str, Any]]:
    """Yield every item with its place."""
    plain, first = name.lower().removesuffix(".gz"), first_character(text)
    if plain.endswith(".txt"):
        return _lines(text)
    if first == "[" and not plain.endswith(".csv"):
        return _array(text, name)
    if first in ("{", '"') and not plain.endswith(".csv"):
        return ((place, _parsed(line, f"{place} of {name}")) for place, line in _lines(text))
    return _table(text, name)


def _lines(text: TextIO) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(text, 1):
        if line.strip(_BLANKS):
            yield f"Line {number}", line.rstrip("\r\n")


def _array(text: TextIO, name: str) -> Iterator[tuple[str, Any]]:
    for number, item in enumerate(_parsed(text.read(), name), 1):
        yield f"Item {number}", item


def _table(text: TextIO, name: str) -> Iterator[tuple[str, Any]]:
    """Read CSV: one column of keys, or columns with a header that names "key"."""
    header: list[str] | None = None
    for number, (line, row) in enumerate(rows(text, name)):
        if number == 0 and "key" in map(_plain, row):
            header = row
        elif header is None and len(row) == 1:
            yield f"Line {line}", row[0]
        elif header is not None and len(row) == len(header):
            yield f"Line {line}", dict(zip(header, row, strict=True))
        else:
            expected = f"the header has {len(header)}" if header else "without a header that names key, allowed is 1"
            raise BadBatch(f"Line {line} of {name} has {len(row)} columns; {expected}.")


def _parsed(text: str, place: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise BadBatch(f"{place} is no JSON: {error}.") from error


def _plain(name: Any) -> str:
    return str(name).strip().lower().replace("_", "").removeprefix("s3")


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:79]}…"
