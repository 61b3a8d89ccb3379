"""Looks a source of pictures over without training: what is there, what would be left out, what would stop a run."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from signpost.images.jpeg import read_header
from training.data.catalogue import CATALOGUE, is_official
from training.data.checks import Findings, clean, faults
from training.data.dataset import read_source
from training.data.likeness import fingerprint, resembles
from training.data.pictures import Dataset
from training.data.splits import PARTS


@dataclass
class Files:
    """What the picture files of a source are like.

    Attributes
    ----------
    kinds : Counter of str
        Format and mode, such as ``JPEG RGB``.
    widths, heights : list of int
        Pixels of each.
    """

    kinds: Counter[str] = field(default_factory=Counter)
    widths: list[int] = field(default_factory=list)
    heights: list[int] = field(default_factory=list)

    def look(self, _name: str, content: bytes) -> None:
        """Note the format, mode and size of a file that was decoded before."""
        if content.startswith(b"\xff\xd8"):  # without its metadata, which may be broken
            header = read_header(content)
            content = header.essential + content[header.end :]
        with Image.open(io.BytesIO(content)) as image:
            self.kinds[f"{image.format} {image.mode}"] += 1
            self.widths.append(image.width)
            self.heights.append(image.height)


@dataclass(frozen=True)
class Inspection:
    """What a source holds.

    Attributes
    ----------
    dataset : Dataset
        As it was read.
    files : Files
        Empty for CIFAR, which holds pixels and no files.
    findings : Findings
        What a run would leave out.
    alike : int or None
        Training pictures that nearly repeat one of a held-out part; None where the source holds nothing out.
    faults : list of str
        What would stop a run.
    official : bool or None
        Whether it is the official archive of its name; None where there is none of that name.
    fingerprint : str
        Of the cleaned pictures.
    """

    dataset: Dataset
    files: Files
    findings: Findings
    alike: int | None
    faults: list[str]
    official: bool | None
    fingerprint: str

    def as_json(self) -> dict[str, Any]:
        """Give it all for machines to read."""
        return {
            "classes": list(self.dataset.classes),
            "counts": self.dataset.counts(),
            "files": dict(self.files.kinds),
            "skipped": [{"name": entry.name, "reason": entry.reason} for entry in self.dataset.skipped],
            "contradictions": [[str(copy) for copy in copies] for copies in self.findings.contradictions],
            "duplicates": [[str(copy) for copy in pair] for pair in self.findings.duplicates],
            "leaks": [[str(copy) for copy in pair] for pair in self.findings.leaks],
            "alike": self.alike,
            "official": self.official,
            "fingerprint": self.fingerprint,
            "faults": self.faults,
        }


def inspect(
    source: Path, labels: Sequence[str] | None, size: tuple[int, int], progress: Callable[[str], None]
) -> Inspection:
    """Read a source and apply every rule of `training.data.checks` to it.

    Parameters
    ----------
    source : Path
    labels : sequence of str or None
        Classes to look at; None for all.
    size : tuple of int
        Width and height that pictures are prepared at, in pixels: two pictures are the same when they are so at it.
    progress : callable
        Told what is going on.

    Returns
    -------
    Inspection

    Raises
    ------
    DatasetError
        If the source can't be read at all.
    """
    files = Files()
    return inspect_dataset(read_source(source, *size, labels, progress, files.look), files, _official(source))


def inspect_dataset(dataset: Dataset, files: Files | None = None, official: bool | None = None) -> Inspection:
    """Apply the rules to pictures that were read already.

    Parameters
    ----------
    dataset : Dataset
        Not cleaned.
    files, official
        See `Inspection`.

    Returns
    -------
    Inspection
    """
    cleaned, findings = clean(dataset)
    return Inspection(
        dataset,
        files or Files(),
        findings,
        _alike(cleaned),
        faults(cleaned),
        official,
        fingerprint(cleaned.parts),
    )


def _alike(dataset: Dataset) -> int | None:
    held_out = [dataset.parts[part] for part in PARTS[1:] if part in dataset.parts]
    if "train" not in dataset.parts or not held_out:
        return None
    train = dataset.parts["train"]
    for others in held_out:
        train = train.take(~resembles(train, others))
    return len(dataset.parts["train"]) - len(train)


def _official(source: Path) -> bool | None:
    if source.is_dir() or source.name not in {known.file for known in CATALOGUE}:
        return None
    return is_official(source)
