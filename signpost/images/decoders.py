"""Opens images with Pillow, by one decoder only, and knows what that costs."""

from __future__ import annotations

import io
from functools import cache

from PIL import Image
from PIL.ImageFile import ImageFile

from signpost.errors import SettingsError

# Signpost's own limit is stricter, applies to every image and is checked before any pixel is decoded; Pillow's would
# only add a warning at 89 and an error at 179 megapixels.
Image.MAX_IMAGE_PIXELS = None
_DECODERS = {"jpeg": "JPEG", "png": "PNG", "webp": "WEBP", "avif": "AVIF", "heic": "HEIF"}
# Of the allowed pixels. Pillow's WebP decoder takes up to 16 bytes a pixel, a progressive JPEG 2 for each of its four
# (CMYK) or three colours, the others 4. Decoders of video keep samples of 16 bits, their conversion and a copy.
VIDEO_SHARE = 0.4
_SHARES = {"WEBP": 0.4, "AVIF": VIDEO_SHARE, "HEIF": VIDEO_SHARE}
_CMYK_SHARE, _TWICE_DECODED_SHARE = 0.5, 0.4
_DEEP_COLOURS = "RGB;16B"


def open_image(data: bytes, kind: str) -> ImageFile:
    """Read an image's header.

    Parameters
    ----------
    data : bytes
        The file.
    kind : str
        Its format, see `signpost.images.formats.image_format`.

    Returns
    -------
    PIL.ImageFile.ImageFile
        Not decoded yet.

    Raises
    ------
    SettingsError
        If the format needs a library that is not installed.
    Exception
        Whatever decoders raise of damaged files.
    """
    if kind == "heic":
        _register_heic()
    return Image.open(io.BytesIO(data), formats=(_DECODERS[kind],))


def share_of(image: ImageFile) -> float:
    """Return the share of the allowed pixels that an image may have, so that all take as much memory at most."""
    if image.mode == "CMYK":
        return _CMYK_SHARE
    if has_deep_transparency(image):
        return _TWICE_DECODED_SHARE
    return _SHARES.get(image.format or "", 1)


def has_deep_transparency(image: ImageFile) -> bool:
    """Return whether an opened PNG has one transparent colour of 3 × 16 bits, of which Pillow decodes 3 × 8."""
    return "transparency" in image.info and bool(image.tile) and image.tile[0].args == _DEEP_COLOURS


@cache
def _register_heic() -> None:
    try:
        from pi_heif import register_heif_opener
    except ModuleNotFoundError as error:
        raise SettingsError(
            "HEIC is in formats, and its decoder is not installed: pip install 'signpost[heic]'"
        ) from error
    register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
