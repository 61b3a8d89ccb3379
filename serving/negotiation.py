"""Which content types come in and go out (RFC 9110, sections 8.3 and 12.5.1)."""

from __future__ import annotations

from email.message import Message

from starlette.datastructures import Headers

from serving.errors import RequestError
from signpost.imaging import ALLOWED_FORMATS

JSON = "application/json"
# What a picture is, its content tells; application/x-image is SageMaker's name for "a picture".
IMAGES = frozenset({*ALLOWED_FORMATS.values(), "application/x-image"})
_ALLOWED = ", ".join([*sorted(IMAGES), JSON])


def check_accept(headers: Headers) -> None:
    """Make sure that the caller takes JSON.

    Raises
    ------
    RequestError
        406.
    """
    wishes = ",".join(headers.getlist("accept"))
    if not wishes.strip():
        return
    quality = {"": 0.0}
    for wish in wishes.split(","):
        media, q = _parse(wish)
        quality[media] = max(q, quality.get(media, 0.0))
    # The most specific range decides.
    best = next((media for media in (JSON, "application/*", "*/*") if media in quality), "")
    if not quality[best] > 0:
        raise RequestError(406, "not_acceptable", f"Answers are {JSON}; the Accept header doesn't allow it.")


def content_type(headers: Headers) -> str:
    """Tell what the request says that it carries.

    Returns
    -------
    str
        `JSON` or one of `IMAGES`.

    Raises
    ------
    RequestError
        415, saying what is allowed.
    """
    declared = headers.get("content-type", "")
    media, _ = _parse(declared)
    if media != JSON and media not in IMAGES:
        named = f"The content type {media[:60]!r} is not served" if media else "The request names no content type"
        raise RequestError(415, "unsupported_content_type", f"{named}; allowed are {_ALLOWED}.")
    return media


def _parse(value: str) -> tuple[str, float]:
    """Split ``type/subtype; q=0.5`` into the media range in lower case and its weight."""
    message = Message()
    message["content-type"] = value.strip()
    media, *_ = value.partition(";")
    try:
        return media.strip().lower(), float(str(message.get_param("q", "1")))
    except ValueError:
        return media.strip().lower(), 1.0
