"""Which content types come in and go out (RFC 9110, sections 8.3 and 12.5.1)."""

from __future__ import annotations

from collections.abc import Iterable
from email.message import Message
from functools import lru_cache

from serving.errors import RequestError
from signpost.images.formats import MEDIA_TYPES

JSON = "application/json"
IMAGES = frozenset(MEDIA_TYPES)
_ALLOWED = ", ".join([*sorted(IMAGES), JSON])
_CACHED = 256  # callers send the same few values, parsing them costs as much as a small picture's decoding

Headers = Iterable[tuple[bytes, bytes]]


def check_accept(headers: Headers) -> None:
    """Make sure that the caller takes JSON.

    Parameters
    ----------
    headers : iterable of pairs of bytes
        The request's, names in lower case.

    Raises
    ------
    RequestError
        406.
    """
    if not _takes_json(b",".join(value for name, value in headers if name == b"accept")):
        raise RequestError(406, "not_acceptable", f"Answers are {JSON}; the Accept header doesn't allow it.")


def check_encoding(headers: Headers) -> None:
    """Make sure that the body is not compressed.

    Parameters
    ----------
    headers : iterable of pairs of bytes
        The request's, names in lower case.

    Raises
    ------
    RequestError
        415.
    """
    declared = next((value for name, value in headers if name == b"content-encoding"), b"").strip().lower()
    if declared not in (b"", b"identity"):
        encoding = declared.decode("latin-1")
        message = f"The content encoding {encoding[:60]!r} is not supported. Send the body as it is."
        raise RequestError(415, "unsupported_content_encoding", message, accept_encoding="identity")


def content_type(headers: Headers) -> str:
    """Tell what the request says that it carries.

    Parameters
    ----------
    headers : iterable of pairs of bytes
        The request's, names in lower case.

    Returns
    -------
    str
        `JSON` or one of `IMAGES`.

    Raises
    ------
    RequestError
        415, saying what is allowed.
    """
    declared = next((value for name, value in headers if name == b"content-type"), b"")
    media, _ = _parse(declared)
    if media != JSON and media not in IMAGES:
        named = f"The content type {media[:60]!r} is not served" if media else "The request names no content type"
        raise RequestError(415, "unsupported_content_type", f"{named}; allowed are {_ALLOWED}.")
    return media


@lru_cache(_CACHED)
def _takes_json(wishes: bytes) -> bool:
    if not wishes.strip():
        return True
    quality = {"": 0.0}
    for wish in wishes.split(b","):
        media, q = _parse(wish)
        quality[media] = max(q, quality.get(media, 0.0))
    # The most specific range decides.
    best = next((media for media in (JSON, "application/*", "*/*") if media in quality), "")
    return quality[best] > 0


@lru_cache(_CACHED)
def _parse(value: bytes) -> tuple[str, float]:
    """Split ``type/subtype; q=0.5`` into the media range in lower case and its weight."""
    text = value.decode("latin-1").strip()
    message = Message()
    message["content-type"] = text
    media = text.partition(";")[0].strip().lower()
    try:
        return media, float(str(message.get_param("q", "1")))
    except ValueError:
        return media, 1.0
