"""Reads files of JSON lines without trust, compressed or not: a bad line is skipped and counted, never fatal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from signpost.aws.files import Files, Found
from signpost.capture.compression import CompressionError, is_compressed, uncompressed
from signpost.capture.corrections import CORRECTIONS, Correction, Corrections, Withdrawal, settle
from signpost.capture.records import CapturedRecord
from signpost.routing.prefixes import OPINIONS
from signpost.validation import explain

# A real-time request has at most 25 MB, which is 34 MB in base64; the answer and the rest are small.
MAX_LINE_BYTES = 40 * 2**20
# In any case; what is compressed, the content shows.
_SUFFIXES = (".jsonl", ".json", ".jsonl.gz", ".json.gz")
_OTHER = f"read are JSON lines in files with the endings {', '.join(_SUFFIXES)}"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
Content = TypeVar("Content", bound=BaseModel)


@dataclass(frozen=True)
class Line(Generic[Content]):
    """One line of a file: what it holds, or why it can't be read.

    Attributes
    ----------
    key : str
        The file.
    number : int
        Of the line, from 1; 0 stands for a file that is skipped.
    start, length : int
        Where in the uncompressed file it is, in bytes.
    content : model or None
    fault : str or None
        None where there is content.
    """

    key: str
    number: int
    start: int
    length: int
    content: Content | None = None
    fault: str | None = None

    @property
    def place(self) -> str:
        """The file and the line, to be named in a message."""
        return f"{self.key}, line {self.number}" if self.number else self.key


def read_lines(files: Files, key: str, *kinds: type[Content]) -> Iterator[Line[Content]]:
    """Read a file's lines; empty ones are passed over, and so is the rest of a file that is not JSON lines.

    Parameters
    ----------
    files : Files
    key : str
        The file.
    *kinds : type
        What a line may hold; the first that fits.

    Yields
    ------
    Line
    """
    if not key.lower().endswith(_SUFFIXES):
        yield Line(key, 0, 0, 0, fault=_OTHER)
        return
    number = end = 0
    try:
        for number, (start, length, line) in enumerate(_split(uncompressed(files.chunks(key))), start=1):
            end = start + length + 1
            if line is None:
                yield Line(key, number, start, length, fault=f"the line has {length:,} bytes")
            elif line.strip():
                found = parse_line(line, *kinds)
                if number == 1 and isinstance(found, str) and _is_document(key, line):
                    yield Line(key, 0, 0, 0, fault=_OTHER)
                    return
                content, fault = (None, found) if isinstance(found, str) else (found, None)
                yield Line(key, number, start, length, content, fault)
    except CompressionError as error:
        yield Line(key, number + 1, end, 0, fault=str(error))


def read_line(files: Files, key: str, start: int, length: int, kind: type[Content]) -> Content | str:
    """Read one line again.

    Parameters
    ----------
    files : Files
    key : str
        The file.
    start, length : int
        The line's place, see `Line`.
    kind : type
        What it holds.

    Returns
    -------
    model or str
        The fault, if the line does not hold that, or no longer.
    """
    if not is_compressed(files.read(key, 0, 2)):
        return parse_line(files.read(key, start, length), kind)
    found = bytearray()
    position = 0
    try:
        for chunk in uncompressed(files.chunks(key)):
            found += chunk[max(0, start - position) : max(0, start + length - position)]
            position += len(chunk)
            if position >= start + length:
                break
    except CompressionError as error:
        return str(error)
    return parse_line(bytes(found), kind)


def parse_line(line: bytes, *kinds: type[Content]) -> Content | str:
    """Parse one line as the first kind that fits.

    Returns
    -------
    model or str
        The fault, as the last kind sees it, where none fits.
    """
    fault = ""
    for kind in kinds:
        try:
            return kind.model_validate_json(line.removeprefix(_BYTE_ORDER_MARK))
        except ValidationError as error:
            fault = explain(error.errors(include_url=False, include_input=False)[:1], "")
    return fault


def line_files(files: Files, prefix: str, after: str = "") -> Iterator[Found]:
    """List the files under a prefix, behind a key; not hidden ones, nor the objects that stand for a folder."""
    return (found for found in files.list(prefix, after) if not found.key.endswith("/") and "/." not in f"/{found.key}")


def record_files(files: Files, prefix: str, after: str = "") -> Iterator[Found]:
    """List the files of captured records under a prefix: in a folder that is read whole, others lie there too."""
    return (found for found in line_files(files, prefix, after) if not found.key.startswith((CORRECTIONS, OPINIONS)))


@dataclass
class Lines:
    """Reads what lies under prefixes.

    Attributes
    ----------
    files : Files
    bad : list of str
        Place and fault of every line that was skipped so far.
    """

    files: Files
    bad: list[str] = field(default_factory=list)

    def records(self, prefix: str) -> Iterator[CapturedRecord]:
        """Read the captured records under a prefix, in the order of their keys and so of their hours."""
        return self._read(record_files(self.files, prefix), CapturedRecord)

    def corrections(self, prefix: str) -> Corrections:
        """Read what people said, under a prefix, and see what holds."""
        return settle(self._read(line_files(self.files, prefix), Withdrawal, Correction))

    def _read(self, found: Iterable[Found], *kinds: type[Content]) -> Iterator[Content]:
        for key in [file.key for file in found]:
            for line in read_lines(self.files, key, *kinds):
                if line.content is None:
                    self.bad.append(f"{line.place}: {line.fault}")
                else:
                    yield line.content


def _is_document(key: str, first_line: bytes) -> bool:
    """Return whether a ``.json`` file is a document of several lines, as other programs write beside captured data."""
    if ".jsonl" in key.lower()[-len(".jsonl.gz") :]:
        return False
    try:
        json.loads(first_line)
    except (ValueError, RecursionError):
        return True
    return False


def _split(chunks: Iterable[bytes]) -> Iterator[tuple[int, int, bytes | None]]:
    """Split at line ends into start, length and content; None instead of a content that is too long to be kept."""
    start, length, kept = 0, 0, bytearray()
    for chunk in chunks:
        *ended, rest = chunk.split(b"\n")
        for piece in ended:
            length += len(piece)
            yield start, length, bytes(kept + piece) if length <= MAX_LINE_BYTES else None
            start, length = start + length + 1, 0
            kept.clear()
        length += len(rest)
        if length <= MAX_LINE_BYTES:
            kept += rest
    if length:
        yield start, length, bytes(kept) if length <= MAX_LINE_BYTES else None
