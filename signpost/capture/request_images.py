"""The images in what was sent to an endpoint: the body itself, base64 text, or base64 in JSON or JSON lines."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from typing import Any

from signpost.errors import PictureError
from signpost.images.formats import content_type

# Members that hold an image or a list of them, in lower case and without separators: of TensorFlow Serving, Hugging
# Face, TorchServe, Vertex AI, API Gateway's proxy events and many hand-written handlers.
_CONTAINERS = {"instances", "inputs", "input", "data", "body", "payload", "content"}
_IMAGES = {"image", "images", "img", "b64", "base64", "bytes", "imagedata", "imagebytes", "imagebase64", "imageb64"}
_NAMES = _CONTAINERS | _IMAGES | {"b64image", "base64image", "inputimage", "imgdata", "imgbytes", "imgbase64", "imgb64"}
_NONE = "the input is JSON without images in base64"


def images_of(body: bytes) -> list[bytes]:
    """Find the images in the body of a request.

    Parameters
    ----------
    body : bytes
        As it was sent.

    Returns
    -------
    list of bytes
        The files, in order; the body itself where it is neither JSON nor base64.

    Raises
    ------
    ValueError
        If the body is JSON, and holds no base64 under a usual name.
    """
    if _is_image(body):
        return [body]
    text = body.removeprefix(b"\xef\xbb\xbf").strip()
    if text[:1] in (b"{", b"[", b'"'):
        return _from_json(text)
    return _from_base64(text) or [body]


def _from_json(text: bytes) -> list[bytes]:
    try:
        try:
            contents = [json.loads(text)]
        except ValueError:
            contents = [json.loads(line) for line in text.splitlines() if line.strip()]
        found = [image for content in contents for image in _walk(content)]
    except (ValueError, RecursionError) as error:
        raise ValueError(_NONE) from error
    if not found:
        raise ValueError(_NONE)
    return found


def _walk(content: Any) -> Iterator[bytes]:
    if isinstance(content, str):
        if content.lstrip()[:1] in ("{", "["):  # JSON in JSON, as in API Gateway's events
            yield from _walk(json.loads(content))
        elif (image := _decode(content)) is not None:
            yield image
    elif isinstance(content, list):
        for item in content:
            if isinstance(item, str | list | Mapping):  # pixels as numbers are no image file
                yield from _walk(item)
    elif isinstance(content, Mapping):
        for name, value in content.items():
            if name.lower().replace("_", "").replace("-", "") in _NAMES:
                yield from _walk(value)


def _from_base64(text: bytes) -> list[bytes]:
    """Read base64 text: one image, which may be wrapped, or an image in each line."""
    if not text.isascii():
        return []
    lines = [_decode(line) for line in text.decode().splitlines()]
    images = [line for line in lines if line and _is_image(line)]
    if len(images) == len(lines):
        return images
    whole = _decode(text.decode())
    return [whole] if whole and _is_image(whole) else []


def _decode(text: str) -> bytes | None:
    """Decode base64, also in a ``data:`` URI, wrapped, for URLs, or without padding; None where it is not base64."""
    if text.startswith("data:"):
        text = text.partition(",")[2]
    plain = "".join(text.split()).rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def _is_image(data: bytes) -> bool:
    try:
        content_type(data)
    except PictureError:
        return False
    return True
