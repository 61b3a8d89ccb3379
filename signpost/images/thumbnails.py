"""Pictures of unknown worth, made fit to be shown: decoded by Signpost and encoded anew, never the bytes that came."""

from __future__ import annotations

import io

from signpost.errors import PictureError
from signpost.images.decoders import open_image
from signpost.images.formats import image_format
from signpost.images.heif import without_exif
from signpost.images.jpeg import read_header
from signpost.images.limits import Limits
from signpost.images.orientation import orientation_of, read_orientation
from signpost.images.png import usable_chunks
from signpost.images.prepare import check_size, encode_png, prepare

_QUALITY = 90
_SWAPPED = 5  # the first orientation that swaps the sides


def measure(data: bytes, limits: Limits) -> tuple[int, int]:
    """Read a picture's size without decoding it.

    Parameters
    ----------
    data : bytes
        The file.
    limits : Limits
        What it may cost.

    Returns
    -------
    tuple of int
        Width and height in pixels, upright.

    Raises
    ------
    PictureError
        If it is none, or not one that Signpost takes.
    """
    kind = image_format(data, limits.formats)
    check_size(len(data), limits)
    exif: dict[str, bytes] | None = None
    if kind == "jpeg":
        header = read_header(data)
        exif = {"exif": header.exif, "xmp": header.xmp}
        data = b"".join((header.essential, memoryview(data)[header.end :]))
    elif kind == "png":
        data = usable_chunks(data)
    elif kind in ("avif", "heic"):
        data = without_exif(data)
    try:
        with open_image(data, kind) as image:
            width, height = image.size
            turned = (orientation_of(image) if exif is None else read_orientation(exif)) >= _SWAPPED
    except (OSError, RuntimeError, SyntaxError, ValueError) as error:
        raise PictureError("corrupt_image", "The picture is damaged and can't be decoded.") from error
    return (height, width) if turned else (width, height)


def thumbnail(data: bytes, longest: int, limits: Limits, *, jpeg: bool = False) -> bytes:
    """Encode a picture anew, at most so large.

    Parameters
    ----------
    data : bytes
        The file.
    longest : int
        Of the longer side, in pixels; a smaller picture stays as small.
    limits : Limits
        What it may cost.
    jpeg : bool
        Whether to encode a JPEG, in place of a PNG.

    Returns
    -------
    bytes
        A file of nothing but pixels.

    Raises
    ------
    PictureError
        See `signpost.images.prepare.prepare`.
    """
    width, height = measure(data, limits)
    scale = min(1.0, longest / max(width, height))
    pixels = prepare(data, max(1, round(width * scale)), max(1, round(height * scale)), limits)
    if not jpeg:
        return encode_png(pixels)
    buffer = io.BytesIO()
    pixels.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()
