"""From prepared pixels to the model's answer, wherever the model runs."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Mapping
from typing import Any

from signpost.routing.contracts import Answer

Ask = Callable[[bytes, str], Answer]


def classify(serialized: Mapping[str, Any], ask: Ask, s3: Callable[[], Any]) -> dict[str, Any]:
    """Ask the model about a prepared picture.

    Parameters
    ----------
    serialized : mapping
        What Serialize answered: ``decision_id``, ``prepared``, ``timings_ms``.
    ask : callable
        Takes the PNG and the inference id, answers `signpost.routing.contracts.Answer`.
    s3 : callable
        Gives a client of S3, for pictures that travel by reference.

    Returns
    -------
    dict
        ``prediction``, ``model`` and ``timings_ms``.
    """
    started = time.perf_counter()
    answer = ask(_picture(serialized["prepared"], s3), serialized["decision_id"])
    elapsed = round(1000 * (time.perf_counter() - started), 1)
    return {
        "prediction": answer.predictions[0].model_dump(mode="json"),
        "model": answer.model.model_dump(),
        "timings_ms": {**serialized["timings_ms"], "classify": elapsed, **answer.timings_ms},
    }


def _picture(prepared: Mapping[str, str], s3: Callable[[], Any]) -> bytes:
    if "inline" in prepared:
        return base64.b64decode(prepared["inline"])
    return s3().get_object(Bucket=prepared["s3_bucket"], Key=prepared["s3_key"])["Body"].read()
