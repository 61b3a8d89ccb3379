"""Reads what asks for a picture to be routed, whichever form it has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from signpost.errors import PictureError
from signpost.routing.contracts import RoutingRequest
from signpost.routing.prefixes import INCOMING

# Member of what the waiting machine asks: the picture need not be left to it once more.
WAITED = "waited"
# Member under which the API hands over a picture that it has prepared as Serialize does.
SERIALIZED = "serialized"
# Outcome in the machine's output where there was no image to decide on.
IGNORED = "ignored"
# S3's own limit on keys, in bytes of UTF-8; longer text can name no picture.
LONGEST_KEY, LONGEST_NAME = 1024, 64
# Lone surrogates are no text, and SQS refuses these two.
_UNSENDABLE = re.compile("[\ud800-\udfff\ufffe\uffff]")
_FORM = (
    'allowed is {"s3_bucket": "…", "s3_key": "…", "classifier": "…" (optional)}, an S3 "Object Created" event or an S3 '
    "notification of one object"
)


@dataclass(frozen=True)
class Asked:
    """What an event asks for, as far as it says; a part that is missing or no usable text is None."""

    bucket: str | None
    key: str | None
    version_id: str | None
    classifier: str | None
    records: int = 1  # of an S3 notification


def read_event(event: Any, default_classifier: str) -> Asked:
    """Read an event, without judging it.

    Parameters
    ----------
    event : Any
        ``{"s3_bucket", "s3_key", "classifier"?, "version_id"?}`` with any other keys, an EventBridge event of S3, or an
        S3 notification.
    default_classifier : str
        For events that name none.

    Returns
    -------
    Asked
        Its classifier is the one that the event names, else the one that the key names, else the default.
    """
    event = event if isinstance(event, Mapping) else {}
    detail, records = event.get("detail"), event.get("Records")
    if event.get("source") == "aws.s3" and isinstance(detail, Mapping):
        bucket, stored = _mapping(detail.get("bucket")), _mapping(detail.get("object"))
        parts = bucket.get("name"), stored.get("key"), stored.get("version-id")
    elif isinstance(records, list) and len(records) == 1:
        record = _mapping(_mapping(records[0]).get("s3"))
        bucket, stored = _mapping(record.get("bucket")), _mapping(record.get("object"))
        parts = bucket.get("name"), _form_decoded(stored.get("key")), stored.get("versionId")
    else:
        parts = event.get("s3_bucket"), event.get("s3_key"), event.get("version_id")
    key, named = _text(parts[1]), event.get("classifier")
    classifier = _text(named, longest=LONGEST_NAME) if named else _from_key(key, default_classifier)
    several = len(records) if isinstance(records, list) else 1
    return Asked(_text(parts[0]), key, _text(parts[2]), classifier, several)


def check(asked: Asked) -> RoutingRequest:
    """Check that an event names an image.

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
        ``several_records``, ``empty_request``, ``missing_bucket``, ``missing_key`` or ``unknown_classifier``.
    """
    if asked.records > 1:
        raise PictureError("several_records", f"The S3 notification has {asked.records} records; {_FORM}.")
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
    folder, slash, _ = (key or "").removeprefix(INCOMING).partition("/")
    named = key is not None and key.startswith(INCOMING) and folder and slash
    return folder[:LONGEST_NAME] if named else default_classifier


def _form_decoded(key: Any) -> str | None:
    """Decode a key of an S3 notification, which is written as in an HTML form."""
    try:
        return unquote_plus(key, errors="strict") if isinstance(key, str) else None
    except UnicodeDecodeError:
        return None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def usable_text(value: Any, longest: int) -> bool:
    """Return whether a value is text that can travel through the machine's state and a queue.

    Parameters
    ----------
    value : Any
        A value from outside.
    longest : int
        Bytes of UTF-8.
    """
    return (
        isinstance(value, str) and len(value) > 0 and not _UNSENDABLE.search(value) and len(value.encode()) <= longest
    )


def _text(value: Any, longest: int = LONGEST_KEY) -> str | None:
    return value if usable_text(value, longest) else None
