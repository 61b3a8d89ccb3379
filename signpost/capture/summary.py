"""Captured records, one by one: what was asked and answered, in a form to list, to index and to export."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from pydantic import BaseModel, Field

from signpost.aws.files import Files
from signpost.capture.answers import Said, read_answer
from signpost.capture.json_lines import Line, read_lines, record_files
from signpost.capture.records import CapturedRecord, Side
from signpost.errors import PictureError
from signpost.images.formats import content_type
from signpost.images.limits import Limits
from signpost.images.thumbnails import measure

Labels = Callable[[str], Sequence[str]]
# The end of a key in AWS's layout; other files go by the folder that they lie in.
_LAYOUT = re.compile(r"([^/]+)/([^/]+)/\d{4}/\d\d/\d\d/\d\d/[^/]+$")
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
_NAME_LENGTH = 64


class Listed(BaseModel):
    """What a captured line holds, as far as it can be read; `error` says what could not.

    Attributes
    ----------
    width, height, picture_bytes : int or None
        Of the picture, upright, in pixels; None where there is none that can be shown.
    classifier : str or None
        Of the endpoint; None of one that Signpost did not make.
    images : int
        In the request; a record of several can't be used.
    file, line : str and int
        Where the record is.
    said : Said or None
        The answer, if it can be read; not part of the JSON.
    """

    event_id: str | None = None
    inference_id: str | None = None
    time: datetime | None = None
    endpoint: str = ""
    classifier: str | None = None
    variant: str | None = None
    input_type: str | None = None
    output_type: str | None = None
    width: int | None = None
    height: int | None = None
    picture_bytes: int | None = None
    images: int = 1
    label: str | None = None
    confidence: float | None = None
    probabilities: dict[str, float] = {}
    model: str | None = None
    file: str
    line: int
    error: str | None = None
    said: Said | None = Field(default=None, exclude=True)


def read_captured_lines(files: Files, prefix: str) -> Iterator[Line[CapturedRecord]]:
    """Read every captured record under a prefix, with its place."""
    for found in record_files(files, prefix):
        yield from read_lines(files, found.key, CapturedRecord)


def place(key: str) -> tuple[str, str | None]:
    """Tell the endpoint and the variant by a file's key."""
    if match := _LAYOUT.search(key):
        return match[1], match[2]
    parts = key.split("/")
    return (parts[-2] if len(parts) > 1 else ""), None


def describe(line: Line[CapturedRecord], labels: Labels, limits: Limits) -> Listed:
    """Say what a captured line holds.

    Parameters
    ----------
    line : Line
        As it was read.
    labels : callable
        Gives the labels of an endpoint's bare probabilities.
    limits : Limits
        What a picture may cost.

    Returns
    -------
    Listed
        With an `error` where something can't be read.
    """
    endpoint, variant = place(line.key)
    listed = Listed(endpoint=endpoint, variant=variant, file=line.key, line=line.number, error=line.fault)
    record = line.content
    if record is None:
        return listed
    listed.event_id, listed.inference_id = record.metadata.event_id, record.metadata.inference_id
    listed.time = record.metadata.at
    listed.input_type, listed.output_type = _type(record.sides.input), _type(record.sides.output)
    faults: list[str] = []
    try:
        pictures = record.pictures()
        listed.images = len(pictures)
        picture = _only(pictures)
        listed.picture_bytes = len(picture)
        listed.width, listed.height = measure(picture, limits)
    except (ValueError, PictureError) as error:
        faults.append(f"the picture: {error}")
    try:
        _add_answer(listed, read_answer(record.sides.output, labels(endpoint)))
    except ValueError as error:
        faults.append(f"the answer: {error}")
    listed.error = "; ".join(faults) or None
    return listed


def one_picture(record: CapturedRecord) -> bytes:
    """Give the one picture that a record is about.

    Raises
    ------
    ValueError
        If there is none, or there are several.
    """
    return _only(record.pictures())


def _only(pictures: Sequence[bytes]) -> bytes:
    if len(pictures) != 1:
        raise ValueError(f"the request holds {len(pictures)} pictures, a decision is about one")
    return pictures[0]


def named_picture(record: CapturedRecord) -> tuple[str, bytes]:
    """Give a record's picture as it was sent, and a file name for it that can do no harm on any system.

    Raises
    ------
    ValueError
        If it holds no one picture.
    PictureError
        If it is none that Signpost takes.
    """
    picture = one_picture(record)
    return image_name(record.decision_id, picture, record.metadata.event_id), picture


def image_name(decision_id: str, image: bytes, event_id: str = "") -> str:
    """Return a file name for an image that is safe on every system.

    Raises
    ------
    PictureError
        If Signpost does not accept images of this type.
    """
    end = content_type(image).removeprefix("image/").replace("jpeg", "jpg")
    plain = _UNSAFE.sub("_", decision_id)[:_NAME_LENGTH]
    # Ids that differ in what was replaced, or on some systems in case alone, must not become one name.
    digest = hashlib.sha256(f"{decision_id}/{event_id}".encode()).hexdigest()[:8]
    return f"{plain}-{digest}.{end}"


def _add_answer(listed: Listed, said: Said) -> None:
    listed.said = said
    listed.label, listed.confidence, listed.probabilities = said.label, said.confidence, said.probabilities
    listed.model = f"{said.model.name} {said.model.version}" if said.model else None


def _type(side: Side | None) -> str | None:
    return side.content_type if side else None
