"""What a picture may cost. Apart from imaging, so that settings need no Pillow."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What a picture may cost.

    Attributes
    ----------
    max_bytes : int
        Size of the file.
    max_pixels : int
        Width × height. The dearest picture that imaging lets through (a progressive CMYK JPEG) takes 8 bytes a pixel
        while it is decoded: 50 megapixels fit into a Lambda of 512 MB. A WebP may have two fifths of it.
    """

    max_bytes: int = 25 * 2**20
    max_pixels: int = 50_000_000
