"""Records of what an endpoint was asked and answered, as SageMaker captures them.

Records are JSON lines under ``<prefix>/<endpoint>/<variant>/yyyy/mm/dd/hh/*.jsonl``; corrections are JSON lines in any
``*.jsonl`` under a prefix of their own, see `signpost.capture.corrections`. Both are joined by the decision's id, which
is the inference id of the record (or the event id where the caller gave none).
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from signpost.capture.request_images import images_of


class Side(BaseModel):
    """One direction of an invocation.

    Attributes
    ----------
    content_type : str
        As the header said.
    data : str
        The body, in `encoding`.
    encoding : str
        Of this side; the other one's may differ.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    content_type: str = Field(default="", alias="observedContentType")
    data: str
    encoding: Literal["BASE64", "JSON", "CSV"]

    def body(self) -> bytes:
        """Give the body as it was sent.

        Raises
        ------
        ValueError
            If it claims to be base64 and is not.
        """
        if self.encoding != "BASE64":
            return self.data.encode()
        try:
            return base64.b64decode(self.data, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ValueError("the data is not valid base64") from error


class _Sides(BaseModel):
    input: Side | None = Field(default=None, alias="endpointInput")
    output: Side | None = Field(default=None, alias="endpointOutput")


class _Metadata(BaseModel):
    event_id: str = Field(alias="eventId")
    inference_id: str | None = Field(default=None, alias="inferenceId")
    at: datetime = Field(alias="inferenceTime")

    @field_validator("at")
    @classmethod
    def _with_time_zone(cls, value: datetime) -> datetime:
        value = value if value.tzinfo else value.replace(tzinfo=UTC)
        try:
            value.astimezone(UTC)
        except OverflowError:
            raise ValueError("the time is none in UTC, whose years are 1 to 9999") from None
        return value


class CapturedRecord(BaseModel):
    """One captured invocation; members that are not read here are ignored."""

    model_config = ConfigDict(frozen=True)

    sides: _Sides = Field(alias="captureData")
    metadata: _Metadata = Field(alias="eventMetadata")

    @property
    def decision_id(self) -> str:
        """What the decision and its review call it."""
        return self.metadata.inference_id or self.metadata.event_id

    def pictures(self) -> list[bytes]:
        """Return the images that were sent, in order.

        Raises
        ------
        ValueError
            If the input was not captured, or holds no images.
        """
        if self.sides.input is None:
            raise ValueError("the input was not captured")
        return images_of(self.sides.input.body())
