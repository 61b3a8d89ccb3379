"""Captured records in a folder, as endpoints write them."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

from localcloud.sagemaker.capture import Payload, capture_record, object_key
from signpost.routing.contracts import Answer, ModelRef, Prediction
from tests.unit.sample_datasets import noise

AT = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
BOTH = [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}]
JSON = "application/json"
# Numbers that JSON allows and no probability, sum or column takes.
NO_PROBABILITIES = ["NaN", "1e999", "-3", "0.5"]
NO_TIMES = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]


def answer(bicycle: float, version: str = "1", threshold: float = 0.8) -> Payload:
    """What Signpost's model server answers about one picture."""
    probabilities = {"bicycle": bicycle, "motorcycle": 1 - bicycle}
    label = max(probabilities, key=probabilities.__getitem__)
    prediction = Prediction(
        label=label, confidence=probabilities[label], probabilities=probabilities, threshold=threshold, energy=-5
    )
    whole = Answer(predictions=[prediction], model=ModelRef(name="vehicle", version=version), timings_ms={})
    return Payload(JSON, whole.model_dump_json().encode())


def add(
    folder: Path,
    name: str | None,
    request: Payload,
    response: Payload,
    *,
    at: dt.datetime = AT,
    endpoint: str = "signpost-vehicle",
    options: list[dict[str, str]] = BOTH,
    **headers: list[str],
) -> dict[str, Any]:
    """Write a record into a file of its own, and return it."""
    config = {"CaptureOptions": options, "CaptureContentTypeHeader": headers}
    record = capture_record(config, request, response, name, at)
    write_line(folder, json.dumps(record).encode(), at, endpoint)
    return record


def write_line(folder: Path, line: bytes, at: dt.datetime = AT, endpoint: str = "signpost-vehicle") -> None:
    """Write any line into a file of its own."""
    path = folder / object_key("capture", endpoint, "AllTraffic", at)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(line + b"\n")


def add_hostile(folder: Path) -> int:
    """Write a file of records that no endpoint would write, with a good one, "good", at its end.

    Returns
    -------
    int
        How many can't be read.
    """
    whole = answer(0.25).data.decode()
    bodies = [f"[1{'0' * 400}, 0]"] + [whole.replace("0.25", number, 1) for number in NO_PROBABILITIES]
    records = [_record(f"body-{n}", Payload(JSON, body.encode())) for n, body in enumerate(bodies)]
    for n, time in enumerate(NO_TIMES):
        records.append(_record(f"time-{n}", answer(0.25)))
        records[-1]["eventMetadata"]["inferenceTime"] = time
    lines = [json.dumps(record).encode() for record in [*records, _record("good", answer(0.25))]]
    write_line(folder, b"\n".join(lines))
    return len(records)


def _record(name: str, response: Payload) -> dict[str, Any]:
    config = {"CaptureOptions": BOTH, "CaptureContentTypeHeader": {}}
    return capture_record(config, Payload("image/png", noise(1)), response, name, AT)
