"""Whatever lies in a file of captured data, each line becomes an entry, or says why not."""

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from signpost.aws.files import Folder
from signpost.capture.answers import read_answer
from signpost.capture.json_lines import read_lines
from signpost.capture.records import CapturedRecord, Side
from signpost.capture.summary import describe, named_picture
from signpost.errors import PictureError
from signpost.images.limits import Limits

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(["predictions", "probabilities", "scores", "labels", "instances", "b64", "model", "label"])
BODIES = st.binary(max_size=64) | st.dictionaries(KEYS, VALUES, max_size=4).map(
    lambda value: json.dumps(value).encode()
)
SIDES = st.none() | st.builds(
    lambda data, encoding, kind: {"observedContentType": kind, "data": data, "encoding": encoding},
    st.text(max_size=40) | BODIES.map(lambda body: body.decode("latin-1")),
    st.sampled_from(["BASE64", "JSON", "CSV"]),
    st.text(max_size=8),
)
RECORDS = st.builds(
    lambda one, other, name: {
        "captureData": {"endpointInput": one, "endpointOutput": other},
        "eventMetadata": {"eventId": name, "inferenceTime": "2026-01-02T03:04:05"},
    },
    SIDES,
    SIDES,
    st.text(max_size=8),
)
LINES = (
    st.binary(max_size=80)
    | VALUES.map(lambda value: json.dumps(value).encode())
    | RECORDS.map(lambda value: json.dumps(value).encode())
)


@given(BODIES | VALUES.map(lambda value: json.dumps(value).encode()), st.sampled_from(["JSON", "CSV"]))
def test_any_answer_has_probabilities_or_a_reason(body: bytes, encoding: str):
    side = Side(observedContentType="application/json", data=body.decode("utf-8", "replace"), encoding=encoding)
    try:
        said = read_answer(side, ["bicycle", "motorcycle"])
    except ValueError:
        return
    assert said.label in said.probabilities
    assert 0 <= said.confidence <= 1


def test_depth_is_no_fault():
    for opening in ("[", '{"predictions":', '"'):
        side = Side(data=opening * 100_000, encoding="JSON")
        try:
            read_answer(side, [])
        except ValueError:
            continue
        raise AssertionError(opening)


@given(st.lists(LINES, max_size=4), st.sampled_from([b"\n", b"\r\n"]))
def test_any_line_is_described(tmp_path_factory, lines: list[bytes], ending: bytes):
    folder = tmp_path_factory.mktemp("fuzz")
    Path(folder / "x.jsonl").write_bytes(ending.join(lines))

    for line in read_lines(Folder(folder), "x.jsonl", CapturedRecord):
        listed = describe(line, lambda _: ["bicycle", "motorcycle"], Limits())
        assert (listed.said is None) <= (listed.error is not None)
        json.loads(listed.model_dump_json())
        if line.content:
            try:
                named_picture(line.content)
            except (ValueError, PictureError):
                continue
