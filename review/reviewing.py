"""What a person does: say what a picture shows, agree with the model, take it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from review.index import Index
from review.judgements import last_of, note_correction, replaced_by, standing
from review.people import Visitor
from review.records import Record
from signpost.aws.files import Files
from signpost.capture.corrections import NONE_OF_THESE, Correction, Withdrawal, keep, withdraw
from signpost.errors import SignpostError
from signpost.routing.contracts import Outcome
from signpost.settings.file import Settings


class NotAllowed(SignpostError):
    """The visitor may look, but not correct."""


@dataclass(frozen=True)
class Desk:
    """Where corrections are made: written first, then put into the index.

    Attributes
    ----------
    index : Index
    files : Files
        Where corrections are kept.
    settings : Settings
        Its classifiers' labels can be chosen.
    """

    index: Index
    files: Files
    settings: Settings

    def labels(self, record: Record) -> list[str]:
        """Return the labels that an image can be given; none if it was rejected, as there is no image then."""
        if record.outcome == Outcome.REJECTED:
            return []
        known = self.settings.classifiers.get(record.classifier)
        return [*(known.route_of if known else sorted(record.probabilities)), NONE_OF_THESE]

    def correct(self, visitor: Visitor, said: Mapping[str, str]) -> None:
        """Keep what a person says of pictures: a label by decision id. What they said of them before is withdrawn."""
        _check(visitor)
        at = datetime.now(UTC)
        with self.index.open() as database:
            before = standing(database, said).standing
        for decision, label in said.items():
            correction = Correction.make(decision, label, visitor.name, at)
            mine = before.get(decision, {}).get(visitor.name)
            if mine and mine.label == label:
                continue
            self._keep(correction)
            if mine:
                self._withdraw(mine, at)

    def undo(self, visitor: Visitor) -> list[Correction]:
        """Take back a person's last act, of one picture or of many. What they had said before holds again."""
        _check(visitor)
        with self.index.open() as database:
            act = last_of(database, visitor.name)
            before = [replaced_by(database, correction) for correction in act]
        for correction, replaced in zip(act, before, strict=True):
            if replaced:
                # As of then, so that the next undo is of the act before.
                said = replaced.said
                self._keep(Correction.make(said.decision_id, replaced.label, said.by, said.at))
            self._withdraw(correction, datetime.now(UTC))
        return act

    def _keep(self, correction: Correction) -> None:
        keep(self.files, correction)
        with self.index.open() as database:
            note_correction(database, correction, correction.key)

    def _withdraw(self, correction: Correction, at: datetime) -> None:
        withdraw(self.files, correction, at)
        with self.index.open() as database:
            note_correction(database, Withdrawal(withdrawn=correction, at=at), correction.key)


def _check(visitor: Visitor) -> None:
    if not visitor.may_correct:
        raise NotAllowed("you may look at decisions, but not correct them")
