"""Captured data of endpoints that are not Signpost's: their answers, their requests and their files are read."""

import base64
import gzip
import json
from pathlib import Path

import pytest

from localcloud.sagemaker.capture import Payload
from signpost.aws.files import Folder
from signpost.capture import compression
from signpost.capture.answers import read_answer
from signpost.capture.json_lines import read_line, read_lines
from signpost.capture.records import CapturedRecord, Side
from signpost.capture.request_images import images_of
from signpost.capture.summary import describe, read_captured_lines
from signpost.images.limits import Limits
from tests.unit.captured_folder import JSON, add, answer
from tests.unit.sample_datasets import noise

LABELS = ["bicycle", "motorcycle"]
PNG, OTHER_PNG = noise(1), noise(2)
B64, OTHER_B64 = base64.b64encode(PNG).decode(), base64.b64encode(OTHER_PNG).decode()

# All of them: motorcycle with 0.75, bicycle with 0.25.
ANSWERS = [
    # Keras, TensorFlow Serving: lists, and one sigmoid output, which is the probability of the second label
    "[[0.25, 0.75]]",
    '{"predictions": [[0.25, 0.75]]}',
    "0.75",
    "[[0.75]]",
    '{"predictions": [[0.75]]}',
    '{"predictions": [{"score": 0.75}]}',
    # Hugging Face: labels with scores
    '[{"label": "motorcycle", "score": 0.75}, {"label": "bicycle", "score": 0.25}]',
    '[[{"label": "LABEL_1", "score": 0.75}, {"label": "LABEL_0", "score": 0.25}]]',
    '[{"label": "motorcycle", "score": 0.75}]',
    '{"outputs": [{"class": "motorcycle", "probability": "0.75"}]}',
    # TorchServe, Vertex AI: a score for each label
    '{"bicycle": 0.25, "motorcycle": 0.75}',
    '[{"motorcycle": 0.75, "bicycle": 0.25}]',
    '{"predictions": [{"bicycle": "0.25", "motorcycle": "0.75"}], "deployedModelId": "7"}',
    '{"motorcycle": 0.75, "latency": 12}',
    # a predicted label with its score, or with probabilities
    '{"predicted_label": "motorcycle", "score": 0.75}',
    '{"predictedLabel": "motorcycle", "score": 0.75, "probabilities": {"bicycle": 0.25, "motorcycle": 0.75}}',
    '{"prediction": "motorcycle", "probability": 0.75}',
    '{"predictions": [{"predicted_label": 1.0, "score": 0.75}]}',
    '{"predicted_label": "motorcycle", "probabilities": [0.25, 0.75]}',
    '{"labels": ["motorcycle", "bicycle"], "scores": [0.75, 0.25]}',
    '{"class_names": [["motorcycle", "bicycle"]], "predictions": [[0.75, 0.25]]}',
    '[{"label": ["motorcycle"], "prob": [0.75]}]',
    '{"body": {"result": {"label": "motorcycle", "confidence": 0.75}}}',
    # JSON lines
    '{"label": "motorcycle", "score": 0.75}\n{"label": "bicycle", "score": 0.25}\n',
    # CSV, with labels and without, with a header and without; the last ones as Autopilot writes them
    "0.25,0.75\n",
    "bicycle,motorcycle\r\n0.25,0.75\r\n",
    "label,score\nmotorcycle,0.75\n",
    "bicycle,0.25\nmotorcycle,0.75",
    "motorcycle,0.75\n",
    "motorcycle,0.75,\"[0.75, 0.25]\",\"['motorcycle', 'bicycle']\"\n",
    "\ufeffmotorcycle, 0.75",
]


@pytest.mark.parametrize("body", ANSWERS)
@pytest.mark.parametrize("encoding", ["JSON", "CSV", "BASE64"])
def test_answers_of_other_servers(body: str, encoding: str):
    data = base64.b64encode(body.encode()).decode() if encoding == "BASE64" else body

    said = read_answer(Side(data=data, encoding=encoding), LABELS)

    assert said.probabilities == pytest.approx({"bicycle": 0.25, "motorcycle": 0.75})
    assert said.label == "motorcycle"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ('{"predicted_label": "bicycle", "score": 0.2}', {"bicycle": 0.8, "motorcycle": 0.2}),  # of the positive label
        ('[{"label": "cat", "score": 0.9}, {"label": "dog", "score": 0.1}]', {"cat": 0.9, "dog": 0.1}),
        ('[{"label": "cat", "score": 0.9}, {"label": "dog", "score": 0.05}]', {"cat": 0.9, "dog": 0.05}),
        ('{"cat": 0.9, "dog": 0.1}', {"cat": 0.9, "dog": 0.1}),
        ('{"labels": ["cat", "dog", "cow"], "scores": [0.5, 0.3, 0.1]}', {"cat": 0.5, "dog": 0.3, "cow": 0.1}),
        ("cat,0.9", {"cat": 0.9}),
    ],
)
def test_labels_that_the_answer_brings(body: str, found: dict[str, float]):
    assert read_answer(Side(data=body, encoding="JSON"), LABELS).probabilities == pytest.approx(found)


@pytest.mark.parametrize(
    ("body", "labels", "fault"),
    [
        ("[[0.93]]", ["a", "b", "c"], "one number"),
        ("0.93", [], "one number"),
        ("[[0.93], [0.2]]", LABELS, "2 answers"),
        ("[0.2,0.8]\n[0.3,0.7]", LABELS, "2 answers"),
        ('[{"bicycle": 0.1, "motorcycle": 0.9}, {"bicycle": 0.3, "motorcycle": 0.7}]', LABELS, "2 answers"),
        ("motorcycle,0.93\nmotorcycle,0.8", LABELS, "2 answers"),
        ("motorcycle", LABELS, "no probabilities"),
        ('{"prediction": "motorcycle"}', LABELS, "no probabilities"),
        ('{"predicted_label": "motorcycle", "score": 0.2}', LABELS, "not the most probable"),
        ('{"predicted_label": "bicycle", "probabilities": [0.2, 0.8]}', LABELS, "order of the labels"),
        ('{"bicycle": 0.9, "motorcycle": 0.8}', LABELS, "sum of 1"),
        ('{"label": "motorcycle", "score": 93}', LABELS, "between 0 and 1"),
        ('{"seconds": 0.01, "model": "x"}', LABELS, "no probabilities"),
    ],
)
def test_an_answer_that_means_something_else_is_refused(body: str, labels: list[str], fault: str):
    with pytest.raises(ValueError, match=fault):
        read_answer(Side(data=body, encoding="JSON"), labels)


@pytest.mark.parametrize(
    "body",
    [
        PNG,
        {"inputs": B64},
        {"inputs": f"data:image/png;base64,{B64}", "parameters": {"top_k": 2}},
        {"instances": [{"b64": B64}]},
        {"instances": [{"image_bytes": {"b64": B64}, "key": "a"}]},
        {"data": B64, "name": "a.png"},
        {"image": B64.replace("+", "-").replace("/", "_").rstrip("=")},
        {"body": json.dumps({"image_data": B64})},
        [{"data": {"image": B64}}],
        B64,
        B64.encode(),
        base64.encodebytes(PNG),
        b"\xef\xbb\xbf" + json.dumps({"b64": B64}).encode() + b"\n",
    ],
    ids=lambda body: str(body)[:24],
)
def test_requests_of_other_clients(body: object):
    assert images_of(body if isinstance(body, bytes) else json.dumps(body).encode()) == [PNG]


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"instances": [{"b64": B64}, {"b64": OTHER_B64}]}),
        json.dumps({"inputs": [B64, OTHER_B64]}),
        json.dumps({"b64": B64}) + "\n" + json.dumps({"b64": OTHER_B64}) + "\n",
        f"{B64}\n{OTHER_B64}\n",
    ],
    ids=["instances", "inputs", "JSON lines", "lines of base64"],
)
def test_a_request_of_several_images_is_one_error_that_counts_them(body: str, tmp_path: Path):
    assert images_of(body.encode()) == [PNG, OTHER_PNG]

    add(tmp_path, "a", Payload("application/jsonlines", body.encode()), Payload(JSON, b"[[0.2,0.8],[0.3,0.7]]"))
    [line] = read_captured_lines(Folder(tmp_path), "")
    listed = describe(line, lambda _: LABELS, Limits())

    assert listed.images == 2
    assert "the request holds 2 pictures" in str(listed.error)
    assert "2 answers" in str(listed.error)


@pytest.mark.parametrize("body", [b'{"inputs": "https://example.com/a.jpg"}', b'{"inputs": [[0.1, 0.2]]}', b"[]", b"{"])
def test_json_without_images_is_refused(body: bytes):
    with pytest.raises(ValueError, match="without images"):
        images_of(body)


def _records(folder: Path) -> bytes:
    """Two records, as lines."""
    records = [add(folder / "unused", name, Payload("image/png", PNG), answer(0.25)) for name in ("a", "b")]
    return b"\n".join(json.dumps(record).encode() for record in records)


@pytest.mark.parametrize("name", ["a.jsonl", "a.JSONL", "a.json", "a.jsonl.gz", "A.JSON.GZ"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "BOM"])
@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
def test_files_are_read_by_their_content(name: str, mark: bytes, compressed: bool, tmp_path: Path):
    content = mark + _records(tmp_path)
    files = Folder(tmp_path / "from")
    files.write(name, gzip.compress(content[:100]) + gzip.compress(content[100:]) if compressed else content)

    lines = list(read_captured_lines(files, ""))

    assert [line.content and line.content.decision_id for line in lines] == ["a", "b"]
    # A line is found again by its place, as the review page does.
    again = [read_line(files, line.key, line.start, line.length, CapturedRecord) for line in lines]
    assert again == [line.content for line in lines]


@pytest.mark.parametrize("name", ["truth.csv", "a.parquet", "statistics.json"])
def test_a_file_that_is_no_json_lines_is_named_once(name: str, tmp_path: Path):
    Folder(tmp_path).write(name, b'{\n  "version": 0\n}\n')

    [line] = read_captured_lines(Folder(tmp_path), "")

    assert (line.number, line.place) == (0, name)
    assert ".jsonl.gz" in str(line.fault)


def test_hidden_files_and_folder_objects_are_no_files(tmp_path: Path):
    for name in (".DS_Store", ".hidden/a.jsonl", "endpoint/._a.jsonl"):
        Folder(tmp_path).write(name, b"x")

    assert not list(read_captured_lines(Folder(tmp_path), ""))


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (lambda data: data[:-20], "ends too early"),
        (lambda data: data[:10] + b"\xff" * 40 + data[50:], "damaged"),
        (lambda _: gzip.compress(b"x" * 5000), "more than 1,000 bytes"),
    ],
    ids=["truncated", "damaged", "bomb"],
)
def test_damaged_compressed_data_is_one_error(damage, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    if "1,000" in fault:
        monkeypatch.setattr(compression, "MAX_UNCOMPRESSED_BYTES", 1000)
    Folder(tmp_path).write("a.jsonl.gz", damage(gzip.compress(_records(tmp_path))))

    lines = list(read_lines(Folder(tmp_path), "a.jsonl.gz", CapturedRecord))

    assert fault in str(lines[-1].fault)
    assert lines[-1].number > 0
