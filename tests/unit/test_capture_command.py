"""Captured records are listed, shown and exported, whatever endpoints wrote."""

import base64
import csv
import hashlib
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from cli.main import app
from localcloud.sagemaker.capture import Payload
from signpost.aws.files import Folder
from signpost.capture.corrections import Correction, keep
from signpost.capture.json_lines import MAX_LINE_BYTES
from tests.unit.captured_folder import AT, JSON, add, add_hostile, answer, write_line
from tests.unit.sample_datasets import noise
from tests.unit.stored_objects import CapturedBucket

PICTURE = Payload("image/png", noise(1))
PROBABILITIES = {"bicycle": 0.25, "motorcycle": 0.75}


def _run(*arguments: str) -> tuple[list[dict[str, Any]], str]:
    result = CliRunner().invoke(app, ["capture", *arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()], result.stderr


def test_a_record_is_one_line_with_all_that_is_known(tmp_path: Path):
    record = add(tmp_path, "decision-1", PICTURE, answer(0.25))

    [listed], said = _run("list", "--from", str(tmp_path))

    assert listed["event_id"] == record["eventMetadata"]["eventId"]
    assert (listed["inference_id"], listed["time"]) == ("decision-1", "2026-01-02T03:04:05Z")
    assert (listed["endpoint"], listed["variant"]) == ("signpost-vehicle", "AllTraffic")
    assert (listed["input_type"], listed["output_type"]) == ("image/png", JSON)
    with Image.open(io.BytesIO(PICTURE.data)) as picture:
        assert (listed["width"], listed["height"]) == picture.size
    assert (listed["label"], listed["confidence"], listed["probabilities"]) == ("motorcycle", 0.75, PROBABILITIES)
    assert (listed["model"], listed["error"]) == ("vehicle 1", None)
    assert (tmp_path / listed["file"]).is_file()
    assert listed["line"] == 1
    assert said == "1 records, 0 that can't be read\n"


@pytest.mark.parametrize(
    "body",
    [
        Payload(JSON, b"[0.25, 0.75]"),
        Payload(JSON, b"[[0.25, 0.75]]"),
        Payload(JSON, b'{"predictions": [[0.25, 0.75]]}'),
        Payload(JSON, b'{"probabilities": [0.75, 0.25], "labels": ["motorcycle", "bicycle"], "predicted_label": "x"}'),
        Payload("text/csv", b"0.25,0.75\n"),
        Payload("text/csv; charset=utf-8", b'"0.25", 0.75'),
        Payload("application/octet-stream", b"[0.25, 0.75]"),
    ],
    ids=lambda body: f"{body.content_type} {body.data[:20]!r}",
)
@pytest.mark.parametrize("headers", [{}, {"CsvContentTypes": ["text/csv"], "JsonContentTypes": [JSON]}], ids=len)
def test_probabilities_are_read_in_any_form_and_encoding(body: Payload, headers: dict, tmp_path: Path):
    add(tmp_path, "a", PICTURE, body, **headers)

    [listed], _ = _run("list", "--from", str(tmp_path))

    assert (listed["probabilities"], listed["error"]) == (PROBABILITIES, None)


def test_the_labels_of_bare_probabilities_can_be_given(tmp_path: Path):
    add(tmp_path, "a", PICTURE, Payload(JSON, b"[0.1, 0.2, 0.7]"))

    assert _run("list", "--from", str(tmp_path))[0][0]["label"] == "2"
    assert _run("list", "--from", str(tmp_path), "--labels", "ant, bee, cat")[0][0]["label"] == "cat"


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        (b'["a", "\\ud800"]', ["a", "?"]),
        (b'["a", "a"]', ["0", "1"]),
        (b'["a"]', ["0", "1"]),
        (b'"ab"', ["bicycle", "motorcycle"]),
        (b"7", ["0", "1"]),
    ],
)
def test_labels_of_an_answer_are_not_trusted(labels: bytes, found: list[str], tmp_path: Path):
    add(tmp_path, "a", PICTURE, Payload(JSON, b'{"probabilities": [0.25, 0.75], "labels": %s}' % labels))

    assert list(_run("list", "--from", str(tmp_path))[0][0]["probabilities"]) == found


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"hello", "the answer: the answer holds no probabilities"),
        (b"[3.1, -2.0]", "no probabilities"),
        (b"[NaN, 1]", "no probabilities"),
        (b"[[0.5, 0.5], [0.5, 0.5]]", "2 answers"),
        (b'{"predictions": []}', "no probabilities"),
        (b"\xff\xfe", "no probabilities"),
    ],
    ids=repr,
)
def test_an_answer_that_cannot_be_read_is_a_line_with_an_error(body: bytes, fault: str, tmp_path: Path):
    add(tmp_path, "a", PICTURE, Payload(JSON, body))

    [listed], said = _run("list", "--from", str(tmp_path))

    assert fault in listed["error"]
    assert listed["inference_id"] == "a"
    assert said == "0 records, 1 that can't be read\n"


def test_a_picture_that_cannot_be_read_leaves_the_answer(tmp_path: Path):
    add(tmp_path, "a", Payload("image/svg+xml", b"<svg onload='alert(1)'/>"), answer(0.25))

    [listed], _ = _run("list", "--from", str(tmp_path))

    assert listed["error"].startswith("the picture: The file is SVG, HTML or other markup; allowed are JPEG, PNG")
    assert listed["label"] == "motorcycle"


def test_a_side_that_was_not_captured_is_said(tmp_path: Path):
    add(tmp_path, "a", PICTURE, answer(0.25), options=[{"CaptureMode": "Output"}])

    assert _run("list", "--from", str(tmp_path))[0][0]["error"] == "the picture: the input was not captured"


def test_bad_lines_among_good_ones_are_lines_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    record = add(tmp_path, "a", PICTURE, answer(0.25))
    good = json.dumps(record).encode()
    monkeypatch.setattr("signpost.capture.json_lines.MAX_LINE_BYTES", len(good) + 10)
    write_line(tmp_path, b"\n".join([b"junk", b"", good, b'"' + b"x" * len(good) + b'  more than ten"', good[:-1]]))

    listed, said = _run("list", "--from", str(tmp_path))

    faults = {entry["line"]: entry["error"] for entry in listed if entry["error"]}
    assert sorted(faults) == [1, 4, 5]
    assert "bytes" in faults[4]
    assert said == "2 records, 3 that can't be read\n"
    assert MAX_LINE_BYTES > 25 * 2**20 * 4 / 3


def test_numbers_and_times_that_cannot_be_are_lines_with_an_error(tmp_path: Path):
    hostile = add_hostile(tmp_path)

    listed, said = _run("list", "--from", str(tmp_path))

    assert said == f"1 records, {hostile} that can't be read\n"
    assert [entry["inference_id"] for entry in listed if not entry["error"]] == ["good"]
    assert all("no probabilities" in entry["error"] or "UTC" in entry["error"] for entry in listed[:hostile])


def test_corrections_are_no_records(tmp_path: Path):
    add(tmp_path, "a", PICTURE, answer(0.25))
    (tmp_path / "corrections").mkdir()
    (tmp_path / "corrections" / "one.jsonl").write_bytes(b"{}\n")

    assert len(_run("list", "--from", str(tmp_path))[0]) == 1


def test_a_record_is_shown_by_either_id(tmp_path: Path):
    record = add(tmp_path, "a", PICTURE, answer(0.25))
    add(tmp_path, "b", PICTURE, answer(0.25))

    for name in ("a", record["eventMetadata"]["eventId"]):
        assert [entry["inference_id"] for entry in _run("show", name, "--from", str(tmp_path))[0]] == ["a"]
    with pytest.raises(Exception, match="no captured record has the id c"):
        _run("show", "c", "--from", str(tmp_path))


def test_a_folder_that_is_not_there_is_said():
    with pytest.raises(Exception, match="there is no folder nowhere; give a folder or s3://BUCKET/PREFIX"):
        _run("list", "--from", "nowhere")


@pytest.mark.parametrize("name", ["../../evil", "/etc/passwd", "con", "a\nb", "<script>", "." * 64, "é" * 64])
def test_pictures_are_exported_under_safe_names(name: str, tmp_path: Path):
    add(tmp_path / "from", name, PICTURE, answer(0.25))
    add(tmp_path / "from", name, Payload("image/svg+xml", b"<svg/>"), answer(0.25))

    listed, said = _run("export", "--from", str(tmp_path / "from"), "--to", str(tmp_path / "to"))

    [file] = (tmp_path / "to").iterdir()
    assert sorted(str(entry["picture"]) for entry in listed) == sorted([str(file), "None"])
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}-[0-9a-f]{8}\.png", file.name)
    assert file.read_bytes() == PICTURE.data
    assert said.endswith("1 records without one\n")


def test_pictures_of_json_requests_are_exported(tmp_path: Path):
    body = {"instances": [{"b64": base64.b64encode(PICTURE.data).decode()}]}
    add(tmp_path, "a", Payload(JSON, json.dumps(body).encode()), answer(0.25), JsonContentTypes=[JSON])

    [listed], _ = _run("export", "--from", str(tmp_path), "--to", str(tmp_path / "to"))

    assert Path(listed["picture"]).read_bytes() == PICTURE.data


def test_records_of_real_endpoints_are_listed(shared_data: Path):
    folder = shared_data / "captured-data"
    with (folder / "truth.csv").open() as truth:
        rows = {(row["file"], int(row["line"])): json.loads(row["model_output"]) for row in csv.DictReader(truth)}

    listed, said = _run("list", "--from", str(folder), "--labels", "bicycle,motorcycle")

    found = {(entry["file"], entry["line"]): list(entry["probabilities"].values()) for entry in listed}
    assert found == rows
    assert said.startswith("skipped truth.csv: ")
    assert said.endswith(f"\n1 files skipped\n{len(rows)} records, 0 that can't be read\n")


def test_what_people_corrected_becomes_a_set_to_train_on(tmp_path: Path):
    folder, to = tmp_path / "from", tmp_path / "to"
    for n, (name, label) in enumerate(
        (("a", "bicycle"), ("b", "motorcycle"), ("c", "../evil"), ("d", None), ("e", "x"))
    ):
        add(folder, name, Payload("image/png", noise(n)), answer(0.25))
        if label:
            keep(Folder(folder), Correction.make(name, label, "anna", AT))
    keep(Folder(folder), Correction.make("e", "y", "bob", AT))
    write_line(folder, b"junk")

    [written], _ = _run("export", "--corrected", "--from", str(folder), "--to", str(to))

    assert (written["images"], written["conflicts"], len(written["skipped"])) == (3, 1, 1)
    evil, *others = sorted(path.name for path in to.iterdir())
    assert re.fullmatch("_evil-[0-9a-f]{8}", evil)
    assert others == ["bicycle", "motorcycle", "provenance.jsonl", "summary.json"]
    lines = [json.loads(line) for line in (to / "provenance.jsonl").read_text().splitlines()]
    entry = next(line for line in lines if line["decision_id"] == "b")
    assert hashlib.sha256((to / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]
    assert (entry["label"], entry["corrections"][0]["by"]) == ("motorcycle", "anna")
    assert (folder / entry["source"]["record"]).is_file()
    inspected = CliRunner().invoke(app, ["data", "inspect", str(to), "--labels", "bicycle,motorcycle"])
    assert ["all", "2"] in [line.split()[:2] for line in inspected.stdout.splitlines()]


def test_records_in_a_bucket_are_listed(captured_bucket: CapturedBucket, monkeypatch: pytest.MonkeyPatch):
    s3 = captured_bucket
    s3.add("a", PICTURE)
    s3.add("b", PICTURE, variant="Other")
    s3.correct("a", "bicycle")
    monkeypatch.setattr("cli.sources.connect", lambda _on_aws: None)
    monkeypatch.setattr("cli.sources.clients.client", lambda _service, **_: s3.client)

    listed, _ = _run("list", "--from", "s3://captured/capture/")

    assert [(entry["inference_id"], entry["variant"]) for entry in listed] == [("a", "AllTraffic"), ("b", "Other")]


def test_endpoints_of_others_are_listed_as_such(tmp_path: Path):
    add(tmp_path, "a", PICTURE, answer(0.25))
    add(tmp_path, "b", PICTURE, Payload(JSON, b"[0.25, 0.75]"), endpoint="jumpstart-dft")

    found = {entry["endpoint"]: entry["classifier"] for entry in _run("list", "--from", str(tmp_path))[0]}
    shown = CliRunner().invoke(app, ["capture", "list", "--from", str(tmp_path)]).stdout

    assert found == {"signpost-vehicle": "vehicle", "jumpstart-dft": None}
    assert "jumpstart-dft (not made by Signpost)" in shown
    assert "signpost-vehicle (not" not in shown
