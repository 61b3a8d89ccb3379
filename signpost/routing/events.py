"""Reads what asks for a picture to be routed, whichever form it has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from signpost.errors import PictureError
from signpost.routing.contracts import RoutingRequest
from signpost.routing.prefixes import INCOMING

# Member of what the waiting machine asks: the picture need not be left to it once more.
WAITED = "waited"
# Member under which the API hands over a picture that it has prepared as Serialize does.
SERIALIZED = "serialized"
# S3's own limit on keys, in bytes of UTF-8; longer text can name no picture.
_LONGEST_KEY, _LONGEST_NAME = 1024, 64
# Lone surrogates are no text, and SQS refuses these two.
_UNSENDABLE = re.compile("[\ud800-\udfff\ufffe\uffff]")
_FORM = 'allowed is {"s3_bucket": "…", "s3_key": "…", "classifier": "…" (optional)} or an S3 "Object Created" event'


@dataclass(frozen=True)
class Asked:
    """What an event asks for, as far as it says; a part that is missing or no usable text is None."""

    bucket: str | None
    key: str | None
    version_id: str | None
    classifier: str | None


def read_event(event: Any, default_classifier: str) -> Asked:
    """Read an event, without judging it.

    Parameters
    ----------
    event : Any
        ``{"s3_bucket", "s3_key", "classifier"?, "version_id"?}`` with any other keys, or an EventBridge event of S3.
    default_classifier : str
        For events that name none.

    Returns
    -------
    Asked
    """
    event = event if isinstance(event, Mapping) else {}
    detail = event.get("detail")
    if event.get("source") == "aws.s3" and isinstance(detail, Mapping):
        bucket, stored = _mapping(detail.get("bucket")), _mapping(detail.get("object"))
        key = _text(stored.get("key"))
        return Asked(
            _text(bucket.get("name")), key, _text(stored.get("version-id")), _from_key(key, default_classifier)
        )
    named = event.get("classifier")
    return Asked(
        _text(event.get("s3_bucket")),
        _text(event.get("s3_key")),
        _text(event.get("version_id")),
        _text(named, longest=_LONGEST_NAME) if named else default_classifier,
    )


def check(asked: Asked) -> RoutingRequest:
    """Make sure that an event names a picture.

    Parameters
    ----------
    asked : Asked
        What `read_event` found.

    Returns
    -------
    RoutingRequest

    Raises
    ------
    PictureError
        ``empty_request``, ``missing_bucket``, ``missing_key`` or ``unknown_classifier``.
    """
    if not asked.bucket and not asked.key:
        raise PictureError("empty_request", f"The event names no picture; {_FORM}.")
    if not asked.bucket:
        raise PictureError("missing_bucket", f"The event has no usable s3_bucket; {_FORM}.")
    if not asked.key:
        raise PictureError("missing_key", f"The event has no usable s3_key; {_FORM}.")
    if not asked.classifier:
        raise PictureError("unknown_classifier", f"The event's classifier is no name; {_FORM}.")
    return RoutingRequest(
        s3_bucket=asked.bucket, s3_key=asked.key, version_id=asked.version_id, classifier=asked.classifier
    )


def _from_key(key: str | None, default_classifier: str) -> str:
    """Take the classifier from ``incoming/<classifier>/…``."""
    parts = (key or "").removeprefix(INCOMING).split("/")
    return parts[0][:_LONGEST_NAME] if len(parts) > 1 and parts[0] else default_classifier


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any, longest: int = _LONGEST_KEY) -> str | None:
    """Take text that can travel: not too long for the machine's state, and of characters that a queue may carry."""
    if not isinstance(value, str) or not value or _UNSENDABLE.search(value):
        return None
    return value if len(value.encode()) <= longest else None
