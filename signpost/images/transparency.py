"""The transparent colour of PNGs with 16 bits a sample, of which only the exact value counts (W3C PNG, 11.3.1)."""

from __future__ import annotations

from PIL import Image, ImageChops
from PIL.ImageFile import ImageFile

from signpost.images.decoders import open_image


def grey_of_16_bits(image: Image.Image) -> Image.Image:
    """Return the upper 8 bits of each sample, since Pillow would clip them to white instead of scaling them.

    Parameters
    ----------
    image : PIL.Image.Image
        Mode ``I;16``.

    Returns
    -------
    PIL.Image.Image
        Mode L, or LA where the image has a transparent grey.
    """
    samples = image.tobytes("raw", "I;16")
    high = Image.frombytes("L", image.size, samples[1::2])
    transparent = image.info.get("transparency")
    if transparent is None:
        return high
    low = Image.frombytes("L", image.size, samples[::2])
    return Image.merge("LA", (high, _opaque([high, low], [transparent >> 8, transparent & 255])))


def with_exact_transparency(image: ImageFile, data: bytes) -> None:
    """Decode a PNG to mode RGBA for which `signpost.images.decoders.has_deep_transparency` holds.

    Pillow keeps the upper 8 bits of each sample. Read as if the order of the bytes were the other one, it keeps the
    lower.

    Parameters
    ----------
    image : PIL.Image.Image
        As opened.
    data : bytes
        The file.
    """
    colour = image.info.pop("transparency")
    other = open_image(data, "png")
    other.info.pop("transparency")
    other.tile = [tile._replace(args="RGB;16L") for tile in other.tile]
    bands, values = [], []
    for opened, shift in ((image, 8), (other, 0)):
        opened.load()
        bands += opened.split()
        values += [sample >> shift & 255 for sample in colour]
    image.putalpha(_opaque(bands, values))


def _opaque(bands: list[Image.Image], values: list[int]) -> Image.Image:
    """Return 0 where all bands have their values, else 255."""
    opaque = Image.new("L", bands[0].size)
    for band, value in zip(bands, values, strict=True):
        opaque = ImageChops.lighter(opaque, band.point([255 * (step != value) for step in range(256)]))
    return opaque
