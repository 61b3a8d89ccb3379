"""Decodes the JPEGs that cameras and browsers make, several times as fast as Pillow does and to the same pixels.

Both use libjpeg-turbo, with the accurate inverse DCT and smooth chroma upsampling. What is rarer is left to Pillow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

try:
    import simplejpeg
except ModuleNotFoundError:  # a function that prepares one picture a call is better off without it and NumPy
    simplejpeg = None

_COLOURS = frozenset({"YCbCr", "RGB"})
_SCALES = (8, 4, 2, 1)  # those that Pillow's `draft` chooses from


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Read a JPEG's width and height.

    Parameters
    ----------
    data : bytes
        The file.

    Returns
    -------
    tuple of int or None
        In pixels; None if `decode_jpeg` won't take it.
    """
    if simplejpeg is None:
        return None
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
    except ValueError:
        return None
    return (int(width), int(height)) if colours in _COLOURS else None


def decode_jpeg(data: bytes, size: tuple[int, int], least: tuple[int, int]) -> NDArray[np.uint8] | None:
    """Decode a JPEG, at a half, a quarter or an eighth of its scale where that leaves enough.

    Parameters
    ----------
    data : bytes
        The file.
    size : tuple of int
        Its width and height, from `jpeg_size`.
    least : tuple of int
        Width and height that must be left, if the picture has as much.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3), or None
        RGB; None if the file is damaged in any way.
    """
    most = min(size[0] // least[0], size[1] // least[1])
    scale = next((scale for scale in _SCALES if scale <= most), 1)
    if simplejpeg is None:
        return None
    try:
        return simplejpeg.decode_jpeg(
            data,
            "RGB",
            fastdct=False,
            fastupsample=False,
            min_width=-(-size[0] // scale),
            min_height=-(-size[1] // scale),
        )
    except ValueError:
        return None
