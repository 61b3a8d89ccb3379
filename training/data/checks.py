"""The rules for bad data: what is left out, and what stops a run.

=============================================  ==========================================================
what                                           what happens
=============================================  ==========================================================
an archive that is broken or cut off           the run stops, and says what to do
a class with no pictures to train on           the run stops
fewer than two classes                         the run stops
a file that is no usable picture               left out by name; the run stops where these are more than
                                               a tenth of all
a file in no class's folder                    left out by name
one picture under two labels                   all copies are left out by name
the same picture twice in a part               the first by name is kept
the same picture in two parts (a leak)         the copy in the earlier of train, validation, test is
                                               left out, named with both places
a class with no pictures in a held-out part    said; the run goes on
=============================================  ==========================================================

Two pictures are the same when their prepared pixels are. Training pictures that *nearly* repeat a held-out one are
left out after splitting, see `training.data.likeness.resembles`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from signpost.terminal.printable import printable
from training.data.likeness import digests
from training.data.pictures import ORDER, Dataset

UNREADABLE_SHARE = 0.1
_TRAINING = ("train", "all")
_SHOWN = 20  # lines of a kind


@dataclass(frozen=True)
class Copy:
    """A picture of which there are several."""

    part: str
    row: int
    label: str
    name: str

    def __str__(self) -> str:
        """Give its place, safe to print."""
        return f"{self.part}: {printable(self.name)} ({printable(self.label)})"


@dataclass(frozen=True)
class Findings:
    """What `clean` left out.

    Attributes
    ----------
    contradictions : list of list of Copy
        Copies of one picture under several labels; all are left out.
    duplicates : list of (Copy, Copy)
        A picture that is kept and its copy in the same part, left out.
    leaks : list of (Copy, Copy)
        A picture that is kept and its copy in an earlier part, left out.
    empty : list of str
        Classes with no pictures in a held-out part, one line each.
    """

    contradictions: list[list[Copy]] = field(default_factory=list)
    duplicates: list[tuple[Copy, Copy]] = field(default_factory=list)
    leaks: list[tuple[Copy, Copy]] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """Say each finding in one line; of many of a kind the first twenty and how many there are."""
        kinds = (
            [f"left out, one picture under several labels: {', '.join(map(str, c))}" for c in self.contradictions],
            [f"left out {copy}: the same picture as {kept}" for kept, copy in self.duplicates],
            [f"left out {copy}: it leaks {kept}" for kept, copy in self.leaks],
            self.empty,
        )
        for lines in kinds:
            yield from lines[:_SHOWN]
            if len(lines) > _SHOWN:
                yield f"… and {len(lines) - _SHOWN:,} more like that"


def clean(dataset: Dataset) -> tuple[Dataset, Findings]:
    """Leave out contradictions, duplicates and leaks.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    dataset : Dataset
        The same without them.
    findings : Findings
    """
    findings = Findings()
    keep = {part: np.ones(len(split), bool) for part, split in dataset.parts.items()}
    for copies in _copies(dataset):
        if len({copy.label for copy in copies}) > 1:
            findings.contradictions.append(copies)
            left_out = copies
        else:
            kept = min((copy for copy in copies if copy.part == copies[-1].part), key=lambda copy: copy.row)
            left_out = [copy for copy in copies if copy is not kept]
            for copy in left_out:
                (findings.duplicates if copy.part == kept.part else findings.leaks).append((kept, copy))
        for copy in left_out:
            keep[copy.part][copy.row] = False
    parts = {part: split if keep[part].all() else split.take(keep[part]) for part, split in dataset.parts.items()}
    for part, split in parts.items():
        if part not in _TRAINING:
            empty = [label for label, count in split.counts(dataset.classes).items() if not count]
            findings.empty.extend(f"the {part} part has no pictures of {printable(label)}" for label in empty)
    return replace(dataset, parts=parts), findings


def faults(dataset: Dataset) -> list[str]:
    """Name what must stop a run, one sentence each.

    Parameters
    ----------
    dataset : Dataset
        Cleaned.

    Returns
    -------
    list of str
        Empty where it can be trained on.
    """
    found = []
    if len(dataset.classes) < 2:
        found.append(f"a classifier needs two or more classes, it has {', '.join(map(printable, dataset.classes))}")
    if dataset.unreadable > UNREADABLE_SHARE * dataset.files:
        found.append(
            f"{dataset.unreadable:,} of {dataset.files:,} files are no usable pictures, at most "
            f"{UNREADABLE_SHARE:.0%} may be: mend or remove them"
        )
    training = [split for part, split in dataset.parts.items() if part in _TRAINING]
    if not training:
        only = f", only a part called {' and '.join(dataset.parts)}" if dataset.parts else ""
        return [*found, f"it has no training pictures{only}"]
    empty = [printable(label) for label, count in training[0].counts(dataset.classes).items() if not count]
    if empty:
        found.append(f"no usable pictures to train on of {', '.join(empty)}: add some, or name the other classes only")
    return found


def _copies(dataset: Dataset) -> Iterator[list[Copy]]:
    """Find pictures that are there several times, each list in the order of the parts and rows."""
    places: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for part in sorted(dataset.parts, key=ORDER.index):
        for row, digest in enumerate(digests(dataset.parts[part])):
            places[digest].append((part, row))
    for found in places.values():
        if len(found) > 1:
            yield [_copy(dataset, part, row) for part, row in found]


def _copy(dataset: Dataset, part: str, row: int) -> Copy:
    split = dataset.parts[part]
    return Copy(part, row, dataset.classes[split.labels[row]], split.names[row] if split.names else f"{part}[{row}]")
