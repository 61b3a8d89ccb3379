"""A set to train on out of what people corrected: a folder for each label, and where each picture comes from."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from signpost.aws.files import Files
from signpost.capture.corrections import CORRECTIONS, Corrections
from signpost.capture.json_lines import Line, Lines
from signpost.capture.records import CapturedRecord
from signpost.capture.summary import Labels, describe, named_picture, read_captured_lines
from signpost.errors import PictureError
from signpost.images.limits import Limits

PROVENANCE = "provenance.jsonl"
_UNSAFE = re.compile(r"[^A-Za-z0-9_ -]+")


@dataclass(frozen=True)
class Written:
    """What became of the corrected records.

    Attributes
    ----------
    pictures : int
        In the folder.
    conflicts : int
        Decisions on which people disagree: not used.
    skipped : list of str
        Records and corrections that can't be used, each with its place and fault.
    """

    pictures: int
    conflicts: int
    skipped: list[str]


def write_corrected_set(files: Files, prefix: str, to: Path, labels: Labels, limits: Limits) -> Written:
    """Write the pictures whose labels everybody who looked agrees on.

    Parameters
    ----------
    files : Files
        Captured records and corrections.
    prefix : str
        Of the records.
    to : Path
        Folder that gets a folder for each label, and ``provenance.jsonl`` with a line for each picture.
    labels : callable
        Gives the labels of an endpoint's bare probabilities.
    limits : Limits
        What a picture may cost.

    Returns
    -------
    Written
    """
    lines = Lines(files)
    said = lines.corrections(CORRECTIONS)
    agreed, skipped, seen = said.agreed, lines.bad, set[str]()
    to.mkdir(parents=True, exist_ok=True)
    with (to / PROVENANCE).open("w", encoding="utf-8") as provenance:
        for line, record in _corrected(files, prefix, agreed, skipped):
            try:
                name, picture = named_picture(record)
            except (ValueError, PictureError) as error:
                skipped.append(f"{line.place}: {error}")
                continue
            folder = to / (_UNSAFE.sub("_", agreed[record.decision_id]).strip() or "_")
            folder.mkdir(exist_ok=True)
            (folder / name).write_bytes(picture)
            seen.add(name)
            origin = describe(line, labels, limits).model_dump(mode="json")
            entry = _entry(f"{folder.name}/{name}", picture, record.decision_id, said)
            provenance.write(json.dumps(entry | {"record": origin}) + "\n")
    return Written(len(seen), len(said.conflicts), skipped)


def _corrected(
    files: Files, prefix: str, agreed: dict[str, str], skipped: list[str]
) -> Iterator[tuple[Line[CapturedRecord], CapturedRecord]]:
    for line in read_captured_lines(files, prefix):
        if line.content is None:
            skipped.append(f"{line.place}: {line.fault}")
        elif line.content.decision_id in agreed:
            yield line, line.content


def _entry(file: str, picture: bytes, decision: str, said: Corrections) -> dict[str, Any]:
    people = said.standing[decision].values()
    return {
        "file": file,
        "sha256": hashlib.sha256(picture).hexdigest(),
        "decision_id": decision,
        "label": next(iter(people)).label,
        "corrections": [{"by": one.said.by, "at": one.said.at.isoformat()} for one in people],
    }
