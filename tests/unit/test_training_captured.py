"""Captured records that a person has corrected: joined, and read without trust."""

import base64
import csv
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from typer.testing import CliRunner

from cli.main import app
from localcloud.sagemaker.capture import Payload, object_key
from signpost.aws.files import Bucket
from signpost.capture.json_lines import Lines
from signpost.errors import DatasetError
from signpost.images.limits import Limits
from signpost.images.prepare import prepare
from tests.unit.sample_datasets import noise
from tests.unit.stored_objects import AT, CapturedBucket
from training.data.corrected import read_captured
from training.data.pictures import Dataset


class Read(NamedTuple):
    """What was read, and what was printed."""

    dataset: Dataset
    lines: list[str]


def _picture(seed: int) -> Payload:
    return Payload("image/png", noise(seed))


def _instances(*seeds: int) -> Payload:
    body = {"instances": [{"b64": base64.b64encode(noise(seed)).decode()} for seed in seeds]}
    return Payload("application/json", json.dumps(body).encode())


@pytest.fixture
def s3(captured_bucket: CapturedBucket) -> CapturedBucket:
    fake = captured_bucket
    for number, name in enumerate(("a", "b", "c")):
        fake.add(name, _picture(number))
    fake.correct("a", "motorcycle")
    fake.correct("b", "bicycle")
    return fake


def _read(s3: CapturedBucket, labels: list[str] | None = None) -> Read:
    lines: list[str] = []
    return Read(read_captured(s3.client, "s3://captured/capture/vehicle/", 20, 16, labels, lines.append), lines)


def test_corrected_records_are_used_and_others_are_not(s3: CapturedBucket):
    dataset, lines = _read(s3)

    pictures = dataset.parts["all"]
    assert dataset.classes == ("bicycle", "motorcycle", "none of these")
    assert (pictures.names, pictures.labels.tolist()) == (("a", "b"), [1, 0])
    assert pictures.images[0].tobytes() == prepare(noise(0), 20, 16, Limits()).tobytes()
    assert lines == [
        "read 3 captured records, 2 images with a corrected label; not used: 0 decisions on which people disagree, "
        "0 corrections without an image, 0 lines or images that can't be read",
        "read 2 corrected images, left out 0",
    ]


def test_an_image_that_shows_none_of_the_labels_has_a_class_of_its_own(s3: CapturedBucket):
    s3.correct("c", "none of these")

    dataset, _ = _read(s3, ["bicycle", "motorcycle"])

    assert dataset.classes == ("bicycle", "motorcycle", "none of these")
    assert dict(zip(dataset.parts["all"].names, dataset.parts["all"].labels.tolist(), strict=True))["c"] == 2


def test_the_latest_correction_counts_wherever_it_was_written(s3: CapturedBucket):
    s3.correct("a", "bicycle", minute=30, key="corrections/0.jsonl")
    s3.correct("a", "motorcycle", minute=20, key="corrections/9.jsonl")

    assert _read(s3).dataset.parts["all"].labels.tolist() == [0, 0]


def test_what_people_disagree_on_is_not_used(s3: CapturedBucket):
    s3.correct("a", "bicycle", minute=30, by="reviewer-2")

    dataset, lines = _read(s3)

    assert dataset.parts["all"].names == ("b",)
    assert "1 decisions on which people disagree" in lines[0]


def test_ground_truth_of_other_tools_counts(s3: CapturedBucket):
    s3.objects["corrections/2026/01/03/10/others.jsonl"] = (
        b'{"groundTruthData": {"data": "bicycle", "encoding": "CSV"}, "eventMetadata": {"eventId": "c"}, '
        b'"eventVersion": "0"}'
    )

    assert _read(s3).dataset.parts["all"].names == ("a", "b", "c")


def test_a_correction_without_a_record_is_counted(s3: CapturedBucket):
    s3.correct("of-long-ago", "bicycle")

    assert "1 corrections without an image" in _read(s3).lines[0]


def test_a_label_that_the_classifier_does_not_have_is_left_out_by_name(s3: CapturedBucket):
    s3.correct("c", "tricycle")

    dataset, lines = _read(s3, ["bicycle", "motorcycle"])

    assert dataset.parts["all"].names == ("a", "b")
    assert lines[-1] == "left out c: corrected to tricycle, which is not a label of the classifier"


@pytest.mark.parametrize("headers", [{}, {"JsonContentTypes": ["application/json"]}], ids=["base64", "json"])
def test_json_requests_are_read_in_either_encoding(headers: dict, s3: CapturedBucket):
    s3.add("d", _instances(7), **headers)
    s3.correct("d", "bicycle")

    pictures = _read(s3).dataset.parts["all"]
    assert pictures.images[2].tobytes() == prepare(noise(7), 20, 16, Limits()).tobytes()


def test_a_request_of_several_pictures_has_no_one_correction(s3: CapturedBucket):
    s3.add("d", _instances(7, 8))
    s3.correct("d", "bicycle")

    assert any(
        line.endswith("line 1: the request holds 2 pictures, a decision is about one") for line in _read(s3).lines
    )


@pytest.mark.parametrize(
    "request_",
    [Payload("image/png", b"junk"), Payload("application/json", b'{"instances": [{}]}')],
    ids=["png", "json"],
)
def test_what_is_no_picture_is_left_out_by_name(request_: Payload, s3: CapturedBucket):
    s3.add("d", request_)
    s3.correct("d", "bicycle")

    dataset, lines = _read(s3)

    assert "1 lines or images that can't be read" in lines[0]
    assert len(dataset.parts["all"]) == 2


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b"not json", "not valid JSON"),
        (b'{"captureData": {}}', "eventMetadata: missing"),
        (b'{"captureData": {"endpointInput": {"data": "", "encoding": "ROT13"}}}', "encoding"),
        (b'{"captureData": ', "not valid JSON"),
        (b"\xff\xfe", "not valid JSON"),
    ],
    ids=["text", "no metadata", "encoding", "cut off", "no utf-8"],
)
def test_a_bad_record_is_skipped_and_counted(line: bytes, fault: str, s3: CapturedBucket):
    key = object_key("capture", "vehicle", "AllTraffic", AT)
    s3.objects[key] = b"\n" + line + b"\n"

    dataset, lines = _read(s3)

    assert len(dataset.parts["all"]) == 2
    [bad] = [line for line in lines if line.startswith(f"left out {key}, line 2: ")]
    assert fault in bad


def test_bad_base64_is_left_out_by_name(s3: CapturedBucket):
    s3.add("d", _picture(9))
    s3.correct("d", "bicycle")
    key = next(key for key, content in s3.objects.items() if b'"inferenceId": "d"' in content)
    s3.objects[key] = s3.objects[key].replace(b'"data": "', b'"data": "!!', 1)

    assert "1 lines or images that can't be read" in _read(s3).lines[0]


@pytest.mark.parametrize(
    "change",
    [
        {"groundTruthData": {"data": "", "encoding": "CSV"}},
        {"groundTruthData": {"data": "bicycle", "encoding": "JSON"}},
        {"eventMetadata": {"eventId": "c", "correctedAt": "2026-01-03T10:00:00"}},
        {"eventMetadata": {"eventId": ""}},
        {"eventMetadata": {}},
    ],
    ids=repr,
)
def test_a_bad_correction_is_skipped_and_counted(change: dict, s3: CapturedBucket):
    line = {"groundTruthData": {"data": "bicycle", "encoding": "CSV"}, "eventMetadata": {"eventId": "c"}} | change
    s3.objects["corrections/bad.jsonl"] = json.dumps(line).encode()

    dataset, lines = _read(s3)

    assert (len(dataset.parts["all"]), lines[1].startswith("left out corrections/bad.jsonl, line 1: ")) == (2, True)


def test_other_files_are_passed_over(s3: CapturedBucket):
    s3.objects["capture/vehicle/AllTraffic/_SUCCESS"] = b""

    assert _read(s3).lines[0].startswith("read 3 captured records")


def test_a_record_without_an_inference_id_goes_by_its_event_id(s3: CapturedBucket):
    s3.add("", _picture(9))
    records = Lines(Bucket(s3.client, "captured")).records("capture/")
    record = next(record for record in records if not record.metadata.inference_id)
    s3.correct(record.metadata.event_id, "bicycle")

    assert record.metadata.event_id in _read(s3).dataset.parts["all"].names


def test_without_records_or_corrections_there_is_an_error(s3: CapturedBucket):
    with pytest.raises(DatasetError, match="no captured records under s3://captured/other/"):
        read_captured(s3.client, "s3://captured/other/", 20, 16, None, print)
    del s3.objects["corrections/2026/01.jsonl"]
    with pytest.raises(DatasetError, match="no corrections under s3://captured/corrections/"):
        read_captured(s3.client, "s3://captured/capture/", 20, 16, None, print)


def test_captured_records_can_be_inspected(s3: CapturedBucket, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("cli.data.connect", lambda _on_aws: None)
    monkeypatch.setattr("cli.data.clients.client", lambda _service: s3.client)

    result = CliRunner().invoke(app, ["data", "inspect", "s3://captured/capture/"])

    assert result.exit_code == 0
    assert "3 captured records, 2 images with a corrected label" in " ".join(result.output.split())
    assert ["bicycle", "1"] in [line.split() for line in result.stdout.splitlines()]


def test_records_of_real_endpoints_are_read(shared_data: Path, captured_bucket: CapturedBucket):
    folder, s3 = shared_data / "captured-data", captured_bucket
    for file in folder.glob("*/*.jsonl"):
        s3.objects[f"capture/{file.relative_to(folder)}"] = file.read_bytes()
    with (folder / "truth.csv").open() as truth:
        rows = list(csv.DictReader(truth))
    for row in rows:
        line = (folder / row["file"]).read_text().splitlines()[int(row["line"]) - 1]
        s3.correct(json.loads(line)["eventMetadata"]["eventId"], row["true_class"])

    lines: list[str] = []
    dataset = read_captured(s3.client, "s3://captured/capture/", 32, 32, ["bicycle", "motorcycle"], lines.append)

    vehicles = sum(row["true_class"] in ("bicycle", "motorcycle") for row in rows)
    assert lines[0].startswith(f"read {len(rows):,} captured records, {len(rows):,} images with a corrected label")
    assert len(dataset.parts["all"]) == vehicles
    assert np.bincount(dataset.parts["all"].labels).tolist() == [
        sum(row["true_class"] == label for row in rows) for label in ("bicycle", "motorcycle")
    ]
