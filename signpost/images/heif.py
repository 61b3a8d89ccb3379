"""Headers of AVIF and HEIC, read before they are decoded (ISO/IEC 23008-12)."""

from __future__ import annotations

import re

# Image spatial extents: a full box of type "ispe", version and flags 0, with a width and a height.
_EXTENTS = re.compile(rb"ispe\0{4}(.{4})(.{4})", re.DOTALL)
# An item's entry with 16 or 32 bits for its number, and its type.
_EXIF = re.compile(rb"(infe(?:\x02.{3}.{2}|\x03.{3}.{4}).{2})Exif", re.DOTALL)


def claimed_size(data: bytes) -> tuple[int, int]:
    """Return the size of the largest image that a file claims to hold.

    Parameters
    ----------
    data : bytes
        The file.

    Returns
    -------
    tuple of int
        Width and height in pixels; 0 where none is claimed.
    """
    sizes = [(int.from_bytes(found[1]), int.from_bytes(found[2])) for found in _EXTENTS.finditer(data)]
    return max(sizes, key=lambda size: size[0] * size[1], default=(0, 0))


def without_exif(data: bytes) -> bytes:
    """Hide EXIF from decoders: other properties hold the orientation, and a crafted tag takes 13 seconds."""
    return _EXIF.sub(rb"\1free", data)
