"""Records of what an endpoint was asked and answered, as SageMaker captures them, and what a person said about them.

Records are JSON lines under ``<prefix>/<endpoint>/<variant>/yyyy/mm/dd/hh/*.jsonl``; corrections are JSON lines in any
``*.jsonl`` under a prefix of their own. Both are joined by the decision's id, which is the inference id of the record
(or the event id where the caller gave none).
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from signpost.contracts import Contract

# A real-time request has at most 25 MB, which is 34 MB in base64; the answer and the rest are small.
MAX_LINE_BYTES = 40 * 2**20
_CHUNK = 2**20
_SUFFIX = ".jsonl"
CORRECTIONS = "corrections/"  # prefix of what people said, in the bucket of the captured records


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
        except binascii.Error as error:
            raise ValueError(f"the data is no base64: {error}") from error


class _Sides(BaseModel):
    input: Side | None = Field(default=None, alias="endpointInput")
    output: Side | None = Field(default=None, alias="endpointOutput")


class _Metadata(BaseModel):
    event_id: str = Field(alias="eventId")
    inference_id: str | None = Field(default=None, alias="inferenceId")
    at: datetime = Field(alias="inferenceTime")


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
        """Give the pictures that were asked about: one, or the instances of a JSON request.

        Raises
        ------
        ValueError
            If the input was not captured, or holds no pictures.
        """
        if self.sides.input is None:
            raise ValueError("the input was not captured")
        body = self.sides.input.body()
        if not body.startswith(b"{"):
            return [body]
        try:
            return [base64.b64decode(instance["b64"], validate=True) for instance in json.loads(body)["instances"]]
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError("the input is JSON without instances of pictures") from error


class Correction(Contract):
    """What a person says a picture shows.

    Attributes
    ----------
    decision_id : str
        Of the decision that was looked at.
    label : str
        What it shows; also one that the classifier does not know.
    by : str
        Who said so: an id, no personal data.
    at : datetime
        When, with its time zone; of several on one decision the latest counts.
    """

    decision_id: str = Field(min_length=1)
    label: str = Field(min_length=1)
    by: str
    at: AwareDatetime


Line = TypeVar("Line", bound=BaseModel)


@dataclass
class Lines:
    """Reads JSON lines from S3; a bad line is skipped and counted, never fatal.

    Attributes
    ----------
    client : boto3 S3 client
    bucket : str
    bad : list of str
        Place and fault of every line that was skipped so far.
    """

    client: Any
    bucket: str
    bad: list[str] = field(default_factory=list)

    def records(self, prefix: str) -> Iterator[CapturedRecord]:
        """Read the captured records under a prefix, in the order of their keys and so of their hours."""
        return self._read(prefix, CapturedRecord)

    def corrections(self, prefix: str) -> dict[str, Correction]:
        """Read the corrections under a prefix; by decision, the latest of each."""
        latest: dict[str, Correction] = {}
        for found in self._read(prefix, Correction):
            if found.decision_id not in latest or latest[found.decision_id].at <= found.at:
                latest[found.decision_id] = found
        return latest

    def _read(self, prefix: str, kind: type[Line]) -> Iterator[Line]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        for key in keys:
            if key.endswith(_SUFFIX):
                yield from self._object(key, kind.model_validate_json)

    def _object(self, key: str, parse: Callable[[bytes], Line]) -> Iterator[Line]:
        body = self.client.get_object(Bucket=self.bucket, Key=key)["Body"]
        for number, line in enumerate(body.iter_lines(_CHUNK), start=1):
            if not line.strip():
                continue
            try:
                if len(line) > MAX_LINE_BYTES:
                    raise ValueError(f"the line has {len(line):,} bytes")
                yield parse(line)
            except ValidationError as error:
                first = error.errors(include_url=False, include_input=False)[0]
                where = ".".join(map(str, first["loc"]))
                self.bad.append(f"{key}, line {number}: {where + ': ' if where else ''}{first['msg']}")
            except ValueError as error:
                self.bad.append(f"{key}, line {number}: {error}")
