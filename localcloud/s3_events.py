"""S3's events on EventBridge: they name the object's version, and are sent before the upload is answered.

MiniStack leaves out the version, and sends events from a thread that a kill may end before it has begun.
"""

import contextvars
import json
from typing import Any

from ministack.services import eventbridge, s3

_version_id: contextvars.ContextVar[str | None] = contextvars.ContextVar("s3_event_version_id", default=None)


def install() -> None:
    """Carry the version to the event, and send it with the request unless it also goes somewhere that takes time."""
    fire, fire_later, dispatch = s3._fire_s3_event, s3._fire_s3_event_async, eventbridge._dispatch_event

    def fire_s3_event(*arguments: Any, version_id: str | None = None, **named: Any) -> None:
        token = _version_id.set(version_id)
        try:
            fire(*arguments, version_id=version_id, **named)
        finally:
            _version_id.reset(token)

    def dispatch_event(event: dict[str, Any], *arguments: Any, **named: Any) -> Any:
        version = _version_id.get()
        if version and event.get("Source") == "aws.s3":
            event = event | {"Detail": with_version(event["Detail"], version)}
        return dispatch(event, *arguments, **named)

    def fire_s3_event_at_once(bucket: str, *arguments: Any, **named: Any) -> None:
        if s3._parse_notification_config(bucket):
            fire_later(bucket, *arguments, **named)
        elif bucket in s3._bucket_notifications:
            fire_s3_event(bucket, *arguments, sequencer=s3._next_event_sequencer(arguments[1]), **named)

    s3._fire_s3_event = fire_s3_event
    s3._fire_s3_event_async = fire_s3_event_at_once
    eventbridge._dispatch_event = dispatch_event


def with_version(detail: str, version_id: str) -> str:
    """Add the version to an event's detail.

    Parameters
    ----------
    detail : str
        The detail as JSON.
    version_id : str
        The object's version.

    Returns
    -------
    str
        The detail with `object.version-id`.
    """
    document = json.loads(detail)
    document["object"]["version-id"] = version_id
    return json.dumps(document)
