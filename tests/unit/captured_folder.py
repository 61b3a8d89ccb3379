"""Captured records in a folder, as endpoints write them."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

from localcloud.sagemaker.capture import Payload, capture_record, object_key
from signpost.contracts import Answer, ModelRef, Prediction

AT = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
BOTH = [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}]
JSON = "application/json"


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
