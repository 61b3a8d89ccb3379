"""Makes sure that a server answers what the model itself says."""

from __future__ import annotations

import json
import math

from serving.benchmark.pictures import Pictures
from serving.benchmark.processes import post
from serving.benchmark.servers import Kind
from signpost.routing.contracts import Prediction

# The same file and decoder give the same numbers. The SavedModel is not quantised and gets other pixels: what an export
# may shift (`training.export`).
_TOLERANCES: dict[Kind, float] = {"litert": 1e-6, "savedmodel": 0.1}


def check_answers(port: int, kind: Kind, pictures: Pictures) -> str:
    """Send each picture once.

    Parameters
    ----------
    port : int
        Of the server.
    kind : str
        Which model it serves.
    pictures : dict of Path to Prediction
        The files and what the predictor says of them.

    Returns
    -------
    str
        The first wrong answer in words; empty if all are right.
    """
    for file, expected in pictures.items():
        status, body = post(port, file.read_bytes())
        fault = f"status {status}" if status != 200 else compare(body, expected, _TOLERANCES[kind])
        if fault:
            return f"{file.name}: {fault}"
    return ""


def compare(body: bytes, expected: Prediction, tolerance: float) -> str:
    """Say how an answer differs from what is right; empty if it doesn't."""
    found = json.loads(body)["predictions"][0]
    if found["label"] != expected.label:
        return f"{found['label']} instead of {expected.label}"
    for label, probability in expected.probabilities.items():
        if not math.isclose(found["probabilities"][label], probability, rel_tol=0, abs_tol=tolerance):
            return f"{label} {found['probabilities'][label]:.6f} instead of {probability:.6f}"
    return ""
