"""Reads captured pictures that a person has corrected, to train on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signpost.aws.files import Bucket
from signpost.capture.json_lines import Lines
from signpost.capture.records import CapturedRecord
from signpost.errors import DatasetError, PictureError
from training.data.decode import prepare_file
from training.data.pictures import Dataset, Skipped, Split, no_pictures
from training.data.tree import ALL


@dataclass
class Captured:
    """Captured-and-corrected pictures, and what became of the rest.

    Attributes
    ----------
    dataset : Dataset
        One part, ``all``; a picture's name is its decision id. Not cleaned yet.
    records : int
        Captured records that could be read.
    uncorrected : int
        Those that nobody corrected: they are not used, since the model's own answer proves nothing.
    conflicts : int
        Of the uncorrected, those that people labelled differently.
    unmatched : int
        Corrected decisions that were not captured.
    bad : list of str
        Lines of records and corrections that can't be read, each with its place and fault.
    """

    dataset: Dataset
    records: int
    uncorrected: int
    conflicts: int
    unmatched: int
    bad: list[str]

    def summary(self) -> str:
        """Say in one line what was used and what was not."""
        return (
            f"{self.records:,} captured records: {len(self.dataset.parts[ALL]):,} corrected and used, "
            f"{self.uncorrected:,} without a correction and not used ({self.conflicts:,} in conflict); "
            f"{self.unmatched:,} corrections without a record; "
            f"{len(self.bad):,} bad lines skipped"
        )


def read_captured(
    client: Any, bucket: str, prefix: str, corrections_prefix: str, size: tuple[int, int], labels: Sequence[str] | None
) -> Captured:
    """Read captured records and join them with their corrections.

    Parameters
    ----------
    client : boto3 S3 client
    bucket : str
    prefix : str
        Of the records: that of the data capture, or longer to read one endpoint, variant or day.
    corrections_prefix : str
        Of the corrections.
    size : tuple of int
        Input size of the network, width and height in pixels.
    labels : sequence of str or None
        Classes, in this order; None for every label that occurs, sorted.

    Returns
    -------
    Captured

    Raises
    ------
    DatasetError
        If there is no captured record or no correction at all.
    """
    lines = Lines(Bucket(client, bucket))
    said = lines.corrections(corrections_prefix)
    corrections = said.agreed
    if not said.standing:
        raise DatasetError(f"no corrections under s3://{bucket}/{corrections_prefix}: review some decisions first")
    found: dict[str, NDArray[np.uint8]] = {}
    skipped: dict[str, Skipped] = {}
    seen: Counter[str] = Counter()
    for record in lines.records(prefix):
        name = record.decision_id
        seen[name] += 1
        if name not in corrections:
            continue
        try:
            found[name] = _picture(record, corrections[name], labels, size)
        except (PictureError, ValueError) as error:
            skipped[name] = Skipped(name, str(error))
    if not seen:
        raise DatasetError(f"no captured records under s3://{bucket}/{prefix}")
    classes = tuple(labels or sorted({corrections[name] for name in found}))
    dataset = Dataset(
        classes,
        {ALL: _split(found, corrections, classes, size)},
        [entry for name, entry in skipped.items() if name not in found],
    )
    uncorrected = sum(count for name, count in seen.items() if name not in corrections)
    conflicts = sum(seen[name] for name in said.conflicts)
    unmatched = len(said.standing.keys() - seen.keys())
    return Captured(dataset, seen.total(), uncorrected, conflicts, unmatched, lines.bad)


def _picture(
    record: CapturedRecord, label: str, labels: Sequence[str] | None, size: tuple[int, int]
) -> NDArray[np.uint8]:
    if labels is not None and label not in labels:
        raise ValueError(f"corrected to {label}, which is none of the classes")
    pictures = record.pictures()
    if len(pictures) != 1:
        raise ValueError(f"the request holds {len(pictures)} pictures, a correction is about one")
    return prepare_file(pictures[0], *size)


def _split(
    found: dict[str, NDArray[np.uint8]],
    corrections: dict[str, str],
    classes: tuple[str, ...],
    size: tuple[int, int],
) -> Split:
    if not found:
        return no_pictures((size[1], size[0]))
    names = tuple(sorted(found))
    labels = [classes.index(corrections[name]) for name in names]
    return Split(np.stack([found[name] for name in names]), np.array(labels, np.int64), names)
