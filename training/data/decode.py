"""Makes the pixels of training pictures with the very function that serving uses."""

from __future__ import annotations

import io
import struct

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from signpost.errors import PictureError
from signpost.images.formats import IMAGE_TYPES
from signpost.images.limits import Limits
from signpost.images.prepare import check_size, encode_png, prepare

# Formats of old datasets, all without loss. Routing takes none of them; as PNG they have the same pixels.
_LOSSLESS = {b"P2": "PPM", b"P3": "PPM", b"P5": "PPM", b"P6": "PPM", b"BM": "BMP"}
_GIF = "The file is a GIF, which is never a whole photograph: save it as PNG or JPEG if it shows one."
_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, struct.error, MemoryError)
_LIMITS = Limits(formats=tuple(IMAGE_TYPES))


def prepare_file(content: bytes, width: int, height: int) -> NDArray[np.uint8]:
    """Prepare a picture file of a dataset as serving prepares what it is asked about.

    Parameters
    ----------
    content : bytes
        JPEG, PNG, WebP, AVIF or HEIC; or PGM, PPM or BMP, which become a PNG first.
    width, height : int
        Input size of the network, in pixels.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)

    Raises
    ------
    PictureError
        If it is no usable picture. A GIF is none: it has 256 colours at most, and in photograph collections it
        nearly always is a placeholder ("image not found").
    """
    if content.startswith(b"GIF8"):
        raise PictureError("unsupported_type", _GIF)
    kind = _LOSSLESS.get(content[:2])
    return np.asarray(prepare(_as_png(content, kind) if kind else content, width, height, _LIMITS))


def prepare_pixels(pixels: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Prepare a picture that is there as pixels, shape (h, w, 3), as `prepare_file` does its PNG."""
    if pixels.shape[:2] == (height, width):
        return pixels
    return prepare_file(encode_png(Image.fromarray(pixels)), width, height)


def _as_png(content: bytes, kind: str) -> bytes:
    check_size(len(content), _LIMITS)
    try:
        image = Image.open(io.BytesIO(content), formats=(kind,))
        if image.width * image.height > _LIMITS.max_pixels:
            raise PictureError("too_many_pixels", f"The picture claims {image.width:,} × {image.height:,} pixels.")
        buffer = io.BytesIO()
        image.save(buffer, "PNG", compress_level=0)
    except _DAMAGE as error:
        raise PictureError("corrupt_image", "The picture is damaged and can't be decoded.") from error
    return buffer.getvalue()
