"""Images with the labels that people gave them: corrections joined with captured records and decisions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from signpost.aws.files import Files
from signpost.capture.corrections import CORRECTIONS
from signpost.capture.json_lines import Line, Lines, parse_line, read_lines, record_files
from signpost.capture.originals import Originals
from signpost.capture.records import CapturedRecord
from signpost.capture.summary import image_name, named_picture, place
from signpost.errors import PictureError
from signpost.routing.contracts import Decision
from signpost.routing.prefixes import DECISIONS


def _any_classifier(_: str) -> bool:
    return True


@dataclass(frozen=True)
class CorrectedSources:
    """Location of corrections, and of the images that they are about.

    Attributes
    ----------
    captured : Files
        Captured records under `prefix`, corrections under ``corrections/``.
    prefix : str
    has_endpoint : callable
        Whether records of an endpoint, by its name, are wanted.
    decisions : Files or None
        The archive of decisions. It finds the images that were not captured.
    originals : callable or None
        Reads an uploaded image.
    classifier : str or None
        Only decisions of this classifier are wanted; None for all.
    """

    captured: Files
    prefix: str
    has_endpoint: Callable[[str], bool] = _any_classifier
    decisions: Files | None = None
    originals: Originals | None = None
    classifier: str | None = None


@dataclass(frozen=True)
class CorrectedImage:
    """An image with the label that everybody who reviewed it agrees on.

    Attributes
    ----------
    decision_id, label : str
    name : str
        A file name that is safe on every system.
    content : bytes
        As the model received it; as it was uploaded where nothing was captured.
    source : dict
        Where it was found, for JSON.
    """

    decision_id: str
    label: str
    name: str
    content: bytes
    source: dict[str, Any]


@dataclass
class Joined:
    """Counts of records and corrections; complete once all images were read.

    Attributes
    ----------
    records : int
        Captured records that were read.
    images : int
        Images with a label.
    conflicts : int
        Decisions on which people disagree. They are not used.
    unmatched : int
        Corrections whose image was not found, those of other classifiers among them.
    skipped : list of str
        Lines and images that can't be used, each with its place and fault.
    """

    records: int = 0
    images: int = 0
    conflicts: int = 0
    unmatched: int = 0
    skipped: list[str] = field(default_factory=list)

    def summary(self) -> str:
        """Return one line with all counts."""
        return (
            f"read {self.records:,} captured records, {self.images:,} images with a corrected label; not used: "
            f"{self.conflicts:,} decisions on which people disagree, {self.unmatched:,} corrections without an image, "
            f"{len(self.skipped):,} lines or images that can't be read"
        )


class CorrectedImages:
    """Joins corrections with the images that they are about. Iterate once.

    Each decision yields one image: from its first captured record that holds one, else as it was uploaded.

    Parameters
    ----------
    sources : CorrectedSources

    Attributes
    ----------
    corrections : Corrections
    joined : Joined
    """

    def __init__(self, sources: CorrectedSources) -> None:
        self._sources, self.joined = sources, Joined()
        self.corrections = Lines(sources.captured, self.joined.skipped).corrections(CORRECTIONS)
        self.joined.conflicts = len(self.corrections.conflicts)
        self._missing = self.corrections.agreed  # decisions whose image was not found yet

    def __iter__(self) -> Iterator[CorrectedImage]:
        """Yield the images."""
        for found in (self._captured(), self._uploaded()):
            for image in found:
                self.joined.images += 1
                yield image
        self.joined.unmatched = len(self._missing)

    def _captured(self) -> Iterator[CorrectedImage]:
        for line in self._wanted_lines():
            if line.content is None:
                self.joined.skipped.append(f"{line.place}: {line.fault}")
                continue
            self.joined.records += 1
            decision_id = line.content.decision_id
            if decision_id in self._missing:
                try:
                    name, content = named_picture(line.content)
                except (ValueError, PictureError) as error:
                    self.joined.skipped.append(f"{line.place}: {error}")
                else:
                    yield self._found(decision_id, name, content, {"record": line.key, "line": line.number})

    def _wanted_lines(self) -> Iterator[Line[CapturedRecord]]:
        if not self._missing:  # nothing was corrected: the records, which may be gigabytes, are not read
            return
        for found in record_files(self._sources.captured, self._sources.prefix):
            if self._sources.has_endpoint(place(found.key)[0]):
                yield from read_lines(self._sources.captured, found.key, CapturedRecord)

    def _uploaded(self) -> Iterator[CorrectedImage]:
        """Find images that no endpoint captured by the archived decisions, whose keys end with their ids."""
        decisions, originals = self._sources.decisions, self._sources.originals
        if not self._missing or decisions is None or originals is None:
            return
        for found in decisions.list(DECISIONS):
            decision_id = PurePosixPath(found.key).stem
            if decision_id not in self._missing:
                continue
            decision = parse_line(b"".join(decisions.chunks(found.key)), Decision)
            if isinstance(decision, str):
                self.joined.skipped.append(f"{found.key}: {decision}")
            elif self._sources.classifier in (None, decision.classifier):
                try:
                    content = originals(decision.image)
                    name = image_name(decision_id, content)
                except PictureError as error:
                    self.joined.skipped.append(f"{found.key}: {error}")
                else:
                    yield self._found(decision_id, name, content, {"decision": found.key})

    def _found(self, decision_id: str, name: str, content: bytes, source: dict[str, Any]) -> CorrectedImage:
        return CorrectedImage(decision_id, self._missing.pop(decision_id), name, content, source)
