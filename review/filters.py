"""Which records a person wants to see, and in which order."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, field_validator

MAX_LENGTH = 200


class Order(StrEnum):
    """What comes first."""

    DOUBT = "doubt"
    TIME = "time"


class State(StrEnum):
    """How far the review of a record is."""

    OPEN = "open"
    REVIEWED = "reviewed"
    CONFLICT = "conflict"
    WRONG = "wrong"


_STATES = {
    State.OPEN: "truth IS NULL AND conflict = 0",
    State.REVIEWED: "truth IS NOT NULL",
    State.CONFLICT: "conflict = 1",
    State.WRONG: "truth <> label",
}
_CONDITIONS = {
    "classifier": "classifier = :classifier",
    "label": "label = :label",
    "outcome": "outcome = :outcome",
    "model": "model = :model",
    "least": "confidence >= :least",
    "most": "confidence <= :most",
    "since": "time >= :since",
    "until": "time < :until",
    "id": "(decision_id >= :id AND decision_id < :id || char(1114111) OR event_id = :id)",
}


class Filter(BaseModel):
    """What the form says; what is left out or empty does not count.

    Attributes
    ----------
    classifier, label, outcome, model : str or None
        Exactly so.
    least, most : float or None
        Confidence, 0 to 1.
    since, until : date or None
        Days in UTC, both included.
    state : State or None
    disagrees : bool
        Only where Rekognition says another label.
    id : str or None
        What the decision's id begins with, or a whole event id.
    order : Order
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    classifier: str | None = Field(default=None, max_length=MAX_LENGTH)
    label: str | None = Field(default=None, max_length=MAX_LENGTH)
    outcome: str | None = Field(default=None, max_length=MAX_LENGTH)
    model: str | None = Field(default=None, max_length=MAX_LENGTH)
    least: float | None = Field(default=None, ge=0, le=1)
    most: float | None = Field(default=None, ge=0, le=1)
    since: date | None = None
    until: date | None = None
    state: State | None = None
    disagrees: bool = False
    id: str | None = Field(default=None, max_length=MAX_LENGTH)
    order: Order = Order.DOUBT

    @field_validator("*", mode="before")
    @classmethod
    def _empty_is_none(cls, value: Any, info: Any) -> Any:
        return cls.model_fields[info.field_name].default if value == "" else value

    def where(self) -> tuple[str, dict[str, Any]]:
        """Say it in SQL: a condition, and its values."""
        given: dict[str, Any] = self.model_dump(exclude_none=True, include=set(_CONDITIONS))
        conditions = [_CONDITIONS[name] for name in given]
        given = {name: value.isoformat() if isinstance(value, date) else value for name, value in given.items()}
        if self.until:
            given["until"] = (self.until + timedelta(days=1)).isoformat()
        if self.state:
            conditions.append(_STATES[self.state])
        if self.disagrees:
            conditions.append("lower(opinion) <> lower(label)")
        return " AND ".join(conditions) or "1", given

    def query(self, **more: str) -> str:
        """Write it as a URL's query."""
        given = self.model_dump(mode="json", exclude_defaults=True)
        return urlencode({name: "on" if value is True else value for name, value in given.items()} | more)
