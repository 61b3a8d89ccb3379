"""Examples in the OpenAPI document; a test reads each with its contract."""

from __future__ import annotations

from typing import Any

_ID = "3f2b8c1e-7a4d-4e0b-9a51-0c6d2f1e8b77"
_BUCKET = "signpost-storage-incoming"
_IMAGE = {
    "bucket": _BUCKET,
    "key": f"uploads/api/{_ID}",
    "version_id": "3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}
_ROUTED: dict[str, Any] = {
    "decision_id": _ID,
    "image": _IMAGE,
    "classifier": "vehicle",
    "outcome": "routed",
    "route": "nearby-orders",
    "label": "bicycle",
    "confidence": 0.981204,
    "probabilities": {"bicycle": 0.981204, "motorcycle": 0.018796},
    "threshold": 0.721303,
    "reason": None,
    "model": {"name": "vehicle", "version": "20261121.004701"},
    "timings_ms": {"serialize": 2.4, "classify": 12.9, "decode": 0.4, "invoke": 0.3},
}
_DOUBT = {"code": "low_confidence", "message": "The model says bicycle with 61 %; 72 % are needed."}
_DAMAGE = {"code": "truncated_image", "message": "The picture ends before its last pixel. Send it again, whole."}
_NO_ANSWER = dict.fromkeys(("route", "label", "confidence", "threshold", "model"))
DECISIONS: dict[str, Any] = {
    "routed": _ROUTED,
    "review": {**_ROUTED, "outcome": "review", "route": None, "reason": _DOUBT},
    "rejected": {
        **_ROUTED,
        **_NO_ANSWER,
        "outcome": "rejected",
        "probabilities": {},
        "reason": _DAMAGE,
        "timings_ms": {"serialize": 2.4},
    },
}
# The start of a JPEG.
JSON_PICTURE = {"image": "/9j/4AAQSkZJRgABAQAAAQABAAD/2Q=="}
UPLOAD = {
    "decision_id": _ID,
    "upload": {
        "url": f"https://{_BUCKET}.s3.amazonaws.com/",
        "fields": {"Content-Type": "image/jpeg", "key": f"incoming/vehicle/api/{_ID}", "policy": "…"},
    },
    "max_bytes": 26_214_400,
    "expires_in": 900,
    "decision": f"decisions/{_ID}",
}
PENDING = {"decision_id": _ID, "status": "in_progress"}
