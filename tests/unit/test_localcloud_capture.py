"""Captured records: the members, their order and their encoding are SageMaker's."""

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import pytest

from localcloud.sagemaker.capture import Payload, capture_record, object_key

AT = dt.datetime(2026, 1, 2, 3, 4, 5, 67_890, tzinfo=dt.UTC)
PICTURE = Payload("image/png", b"\x89PNG")
ANSWER = Payload("application/json; charset=utf-8", b'{"a": 1}')
BOTH = [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}]


def record(options: list[dict[str, str]] = BOTH, **headers: list[str]) -> dict[str, Any]:
    config = {"CaptureOptions": options, "CaptureContentTypeHeader": headers}
    return capture_record(config, PICTURE, ANSWER, "id-1", AT)


def test_listed_content_types_are_text_and_others_base64() -> None:
    sides = record(JsonContentTypes=["application/json"])["captureData"]
    assert sides["endpointInput"] == {
        "observedContentType": "image/png",
        "mode": "INPUT",
        "data": "iVBORw==",
        "encoding": "BASE64",
    }
    assert (sides["endpointOutput"]["data"], sides["endpointOutput"]["encoding"]) == ('{"a": 1}', "JSON")
    assert record()["captureData"]["endpointOutput"]["encoding"] == "BASE64"
    assert record(CsvContentTypes=["image/png"])["captureData"]["endpointInput"]["encoding"] == "CSV"


@pytest.mark.parametrize(
    ("options", "sides"),
    [
        ([{"CaptureMode": "Input"}], ["endpointInput"]),
        ([{"CaptureMode": "Output"}], ["endpointOutput"]),
        ([{"CaptureMode": "InputAndOutput"}], ["endpointInput", "endpointOutput"]),
    ],
)
def test_only_the_asked_side_is_captured(options: list[dict[str, str]], sides: list[str]) -> None:
    assert list(record(options)["captureData"]) == sides


def test_the_inference_id_is_there_when_the_caller_gave_one() -> None:
    assert list(record()["eventMetadata"]) == ["eventId", "inferenceId", "inferenceTime"]
    anonymous = capture_record({"CaptureOptions": BOTH}, PICTURE, ANSWER, None, AT)
    assert list(anonymous["eventMetadata"]) == ["eventId", "inferenceTime"]
    assert anonymous["eventMetadata"]["inferenceTime"] == "2026-01-02T03:04:05Z"


def test_the_key_says_endpoint_variant_and_time() -> None:
    key = object_key("some/prefix/", "vehicle", "AllTraffic", AT)
    assert re.fullmatch(r"some/prefix/vehicle/AllTraffic/2026/01/02/03/04-05-067-[0-9a-f-]{36}\.jsonl", key)


def test_a_record_has_the_members_of_a_real_one_in_their_order(shared_data: Path) -> None:
    def order(value: Any) -> Any:
        return [(name, order(member)) for name, member in value.items()] if isinstance(value, dict) else None

    files = sorted((shared_data / "captured-data").glob("*/*.jsonl"))
    assert files
    made = order(capture_record({"CaptureOptions": BOTH}, PICTURE, ANSWER, None, AT))
    for file in files:
        for line in file.read_text().splitlines():
            assert order(json.loads(line)) == made
