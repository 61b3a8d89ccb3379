"""What people say that pictures show: ground truth in the format that SageMaker Model Monitor merges.

Each correction is an object of its own under ``corrections/yyyy/mm/dd/hh/``, so nobody overwrites another's, and each
is one JSON line. What is taken back is deleted there, where Model Monitor would count it, after a withdrawal under
``corrections/withdrawn/`` says so: whatever a crash leaves, a withdrawal wins.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-merge.html
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from signpost.aws.files import Files

CORRECTIONS = "corrections/"  # in the bucket of the captured records
# The label of an image that shows nothing the classifier knows: an outlier to train on.
NONE_OF_THESE = "none of these"
_WITHDRAWN = f"{CORRECTIONS}withdrawn/"
_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True)


class _GroundTruth(_Line):
    data: str = Field(min_length=1)
    encoding: Literal["CSV"] = "CSV"  # the only one that Model Monitor merges; the data are the label and nothing else


class _Said(_Line):
    decision_id: str = Field(alias="eventId", min_length=1)
    correction_id: str = Field(default="", alias="correctionId", pattern=r"^[A-Za-z0-9-]{0,64}$")  # part of a key
    by: str = Field(default="", alias="correctedBy")
    at: AwareDatetime = Field(default=_LONG_AGO, alias="correctedAt")


class Correction(_Line):
    """What a person says a picture shows.

    Attributes
    ----------
    truth : ground truth
        The label; also one that the classifier does not know.
    said : metadata
        Of which decision, who said so (an id, no personal data) and when; Model Monitor needs the first alone.
    """

    truth: _GroundTruth = Field(alias="groundTruthData")
    said: _Said = Field(alias="eventMetadata")
    version: Literal["0"] = Field(default="0", alias="eventVersion")

    @classmethod
    def make(cls, decision_id: str, label: str, by: str, at: datetime) -> Correction:
        """Make a correction with an id of its own."""
        said = _Said(eventId=decision_id, correctionId=str(uuid.uuid4()), correctedBy=by, correctedAt=at)
        return cls(groundTruthData=_GroundTruth(data=label), eventMetadata=said)

    @property
    def label(self) -> str:
        """What the picture shows."""
        return self.truth.data

    @property
    def key(self) -> str:
        """Where it is kept."""
        return f"{CORRECTIONS}{self.said.at:%Y/%m/%d/%H/%M-%S}-{self.said.correction_id}.jsonl"


class Withdrawal(_Line):
    """A correction that the one who made it has taken back."""

    withdrawn: Correction
    at: AwareDatetime


@dataclass
class Corrections:
    """What holds of all that was said.

    Attributes
    ----------
    standing : dict of str to dict of str to Correction
        By decision, by person: the latest of each that was not taken back.
    """

    standing: dict[str, dict[str, Correction]] = field(default_factory=dict)

    def labels(self, decision_id: str) -> set[str]:
        """Give the labels that people say a picture has: several are a conflict, which nobody's later word decides."""
        return {correction.label for correction in self.standing.get(decision_id, {}).values()}

    @property
    def agreed(self) -> dict[str, str]:
        """By decision, the label that everybody who looked gave it."""
        return {name: found.pop() for name in self.standing if len(found := self.labels(name)) == 1}

    @property
    def conflicts(self) -> list[str]:
        """Decisions whose pictures people label differently."""
        return [name for name in self.standing if len(self.labels(name)) > 1]


def settle(lines: Iterable[Correction | Withdrawal]) -> Corrections:
    """See what holds of corrections and withdrawals, in whichever order they come."""
    said: list[Correction] = []
    gone: set[str] = set()
    for line in lines:
        if isinstance(line, Withdrawal):
            gone.add(line.withdrawn.said.correction_id)
        else:
            said.append(line)
    found = Corrections()
    for correction in sorted(said, key=lambda correction: correction.said.at):
        if not correction.said.correction_id or correction.said.correction_id not in gone:
            found.standing.setdefault(correction.said.decision_id, {})[correction.said.by] = correction
    return found


def keep(files: Files, correction: Correction) -> None:
    """Write a correction; once this returns, it survives a crash."""
    files.write(correction.key, _encode(correction))


def withdraw(files: Files, correction: Correction, at: datetime) -> None:
    """Take a correction back."""
    withdrawal = Withdrawal(withdrawn=correction, at=at)
    files.write(f"{_WITHDRAWN}{at:%Y/%m/%d/%H/%M-%S}-{correction.said.correction_id}.jsonl", _encode(withdrawal))
    files.delete(correction.key)


def _encode(line: _Line) -> bytes:
    return line.model_dump_json(by_alias=True).encode() + b"\n"
