"""Reads captured images that people corrected: a set of `signpost.capture.corrected_set`, or records in a bucket."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signpost.aws.files import Bucket, Folder
from signpost.capture.corrected_images import CorrectedSources
from signpost.capture.corrected_set import PROVENANCE, Entry, write_corrected_set
from signpost.capture.corrections import CORRECTIONS, NONE_OF_THESE
from signpost.capture.json_lines import read_lines
from signpost.errors import DatasetError, SignpostError
from training.data.decode import prepare_file
from training.data.pictures import Dataset, Skipped, Split, no_pictures, printable
from training.data.tree import ALL


def read_captured(
    client: Any, source: str, width: int, height: int, labels: Sequence[str] | None, progress: Callable[[str], None]
) -> Dataset:
    """Read the captured records of a bucket that people corrected.

    Parameters
    ----------
    client : boto3 S3 client
    source : str
        ``s3://BUCKET/PREFIX`` of the records. The corrections are under ``corrections/`` of the bucket.
    width, height, labels, progress
        See `read_corrected_set`.

    Returns
    -------
    Dataset
        As from `read_corrected_set`.

    Raises
    ------
    DatasetError
        If there is no captured record or no correction at all.
    """
    bucket, _, prefix = source.removeprefix("s3://").partition("/")
    with tempfile.TemporaryDirectory(prefix="signpost-corrected-") as name:
        folder = Path(name)
        joined = write_corrected_set(CorrectedSources(Bucket(client, bucket), prefix), Folder(folder))
        if not joined.images + joined.conflicts + joined.unmatched:
            raise DatasetError(f"no corrections under s3://{bucket}/{CORRECTIONS}: review some decisions first")
        if not joined.records and not joined.conflicts:
            raise DatasetError(f"no captured records under {source}")
        progress(joined.summary())
        for line in joined.skipped:
            progress(f"left out {printable(line)}")
        return read_corrected_set(folder, width, height, labels, progress)


def without_empty_outliers(dataset: Dataset) -> Dataset:
    """Drop the class "none of these" where no image has it, so that it is not reported as a class without images."""
    has_outliers = bool((dataset.parts[ALL].labels == len(dataset.classes) - 1).any())
    return dataset if has_outliers else replace(dataset, classes=dataset.classes[:-1])


def read_corrected_set(
    folder: Path, width: int, height: int, labels: Sequence[str] | None, progress: Callable[[str], None]
) -> Dataset:
    """Read corrected images, each prepared as serving prepares it.

    Parameters
    ----------
    folder : Path
        With a ``provenance.jsonl``.
    width, height : int
        Input size of the network, in pixels.
    labels : sequence of str or None
        Labels of the classifier; None for all that occur.
    progress : callable
        Called with one line for what was read, and one for each image that was left out.

    Returns
    -------
    Dataset
        One part, ``all``, not cleaned yet. The classes are the labels and, as the last one, "none of these". The name
        of an image is its decision's id.

    Raises
    ------
    DatasetError
        If the folder is no such set.
    """
    if not (folder / PROVENANCE).is_file():
        raise DatasetError(f"{folder} has no {PROVENANCE}: write the set by `signpost capture export --corrected`")
    files, entries, skipped = Folder(folder), list[Entry](), list[Skipped]()
    for line in read_lines(files, PROVENANCE, Entry):
        if line.content is None:
            skipped.append(Skipped(f"{PROVENANCE}, line {line.number}", line.fault or ""))
        else:
            entries.append(line.content)
    found = {entry.label for entry in entries} - {NONE_OF_THESE}
    classes = (*(sorted(found) if labels is None else labels), NONE_OF_THESE)
    images, truth, names = list[NDArray[np.uint8]](), list[int](), list[str]()
    for entry in sorted(entries, key=lambda entry: entry.decision_id):
        if entry.label not in classes:
            reason = f"corrected to {entry.label}, which is not a label of the classifier"
            skipped.append(Skipped(entry.decision_id, reason))
            continue
        try:
            images.append(prepare_file(b"".join(files.chunks(entry.file)), width, height))
        except (SignpostError, OSError) as error:
            skipped.append(Skipped(entry.decision_id, str(error)))
            continue
        truth.append(classes.index(entry.label))
        names.append(entry.decision_id)
    progress(f"read {len(images):,} corrected images, left out {len(skipped):,}")
    for left_out in skipped:
        progress(f"left out {left_out}")
    split = Split(np.stack(images), np.array(truth, np.int64), tuple(names)) if images else no_pictures((height, width))
    return Dataset(classes, {ALL: split}, skipped)
