"""What is wrong with data is said in Signpost's own words, and never with the data."""

import datetime as dt
import re
import uuid
from typing import Annotated, Literal

import pytest
from pydantic import AnyUrl, BaseModel, ConfigDict, Field, ValidationError, field_validator

from signpost.validation import explain


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")

    b64: str


class Model(BaseModel):
    text: str = Field(default="", min_length=2, max_length=4, pattern="^[a-z]+$")
    number: int = Field(default=1, gt=0, le=9)
    real: float = Field(default=0.0, allow_inf_nan=False)
    switch: bool = True
    choice: Literal["a", "b"] = "a"
    items: Annotated[list[Inner], Field(min_length=1, max_length=2)] = []
    table: dict[str, int] = {}
    when: dt.datetime | None = None
    day: dt.date | None = None
    name: uuid.UUID | None = None
    where: AnyUrl | None = None
    own: int = 0

    @field_validator("own")
    @classmethod
    def _even(cls, value: int) -> int:
        if value % 2:
            raise ValueError("must be even")
        return value


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("{", "the body: not valid JSON"),
        ("[]", "the body: must be an object"),
        ('{"text": 7}', "text: must be text"),
        ('{"text": "a"}', "text: must have at least 2 characters"),
        ('{"text": "abcde"}', "text: must have at most 4 characters"),
        ('{"number": "x"}', "number: must be a whole number"),
        ('{"number": 0}', "number: must be greater than 0"),
        ('{"number": 10}', "number: must be at most 9"),
        ('{"real": "x"}', "real: must be a number"),
        ('{"real": NaN}', "real: must be a finite number"),
        ('{"switch": 7}', "switch: must be true or false"),
        ('{"choice": "c"}', "choice: must be 'a' or 'b'"),
        ('{"items": []}', "items: must have at least 1 items"),
        ('{"items": {}}', "items: must be a list"),
        ('{"items": [{"b64": "x"}, {}]}', "items[1].b64: missing"),
        ('{"items": [{"b64": "x", "c": 1}]}', "items[0].c: not a known name"),
        ('{"table": []}', "table: must be an object"),
        ('{"when": "x"}', "when: must be a date and time such as 2026-01-31T10:00:00Z"),
        ('{"day": "x"}', "day: must be a date such as 2026-01-31"),
        ('{"name": "x"}', "name: must be a UUID"),
        ('{"where": "x"}', "where: must be a URL"),
        ('{"own": 3}', "own: must be even"),
    ],
)
def test_every_kind_of_fault_has_words(data: str, said: str):
    with pytest.raises(ValidationError) as caught:
        Model.model_validate_json(data)
    assert explain(caught.value.errors()) == said


def test_no_more_than_three_faults_are_named():
    with pytest.raises(ValidationError) as caught:
        Model.model_validate({"text": 1, "number": "secret", "real": "secret", "switch": 7})
    said = explain(caught.value.errors())
    assert len(re.findall("must be", said)) == 3
    assert "secret" not in said
