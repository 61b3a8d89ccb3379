"""A set of corrected images to train on: a folder for each label, and a line on each image in ``provenance.jsonl``."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from signpost.aws.files import Files
from signpost.capture.corrected_images import CorrectedImages, CorrectedSources, Joined

PROVENANCE, SUMMARY = "provenance.jsonl", "summary.json"
# Letters of any script stay.
_UNSAFE = re.compile(r"[^\w -]+")
_LONGEST_FOLDER = 48  # characters, of up to four bytes


class CorrectedBy(BaseModel):
    """Author and time of a correction."""

    by: str
    at: datetime


class Entry(BaseModel):
    """A line of ``provenance.jsonl``.

    Attributes
    ----------
    file : str
        Path of the image in the set.
    sha256 : str
        Hex digest of the file.
    label : str
        What people say it shows; `signpost.capture.corrections.NONE_OF_THESE` for an outlier.
    source : dict
        Where the image was found.
    """

    file: str
    sha256: str
    decision_id: str
    label: str
    corrections: list[CorrectedBy]
    source: dict[str, Any]


def write_corrected_set(sources: CorrectedSources, to: Files, prefix: str = "") -> Joined:
    """Write the images whose labels everybody who reviewed them agrees on.

    The last file that is written is ``summary.json``. It is there even if there are no images.

    Parameters
    ----------
    sources : CorrectedSources
    to : Files
        Where the set is written.
    prefix : str
        First part of the keys there.

    Returns
    -------
    Joined
    """
    images, lines = CorrectedImages(sources), list[str]()
    for image in images:
        file = f"{_folder(image.label)}/{image.name}"
        to.write(f"{prefix}{file}", image.content)
        people = images.corrections.standing[image.decision_id].values()
        entry = Entry(
            file=file,
            sha256=hashlib.sha256(image.content).hexdigest(),
            decision_id=image.decision_id,
            label=image.label,
            corrections=[CorrectedBy(by=one.said.by, at=one.said.at) for one in people],
            source=image.source,
        )
        lines.append(entry.model_dump_json())
    to.write(f"{prefix}{PROVENANCE}", "".join(f"{line}\n" for line in lines).encode())
    to.write(f"{prefix}{SUMMARY}", json.dumps(asdict(images.joined), indent=2).encode())
    return images.joined


def _folder(label: str) -> str:
    """Return the name of a label's folder; labels that differ have folders that differ."""
    plain = _UNSAFE.sub("_", label).strip()[:_LONGEST_FOLDER]
    return plain if plain == label else f"{plain}-{hashlib.sha256(label.encode()).hexdigest()[:8]}"
