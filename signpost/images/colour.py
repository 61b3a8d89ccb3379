"""Colour profiles (ISO 15076-1), converted to sRGB by Little CMS: a model knows no colours but those of sRGB."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from PIL import Image

# Profiles of printers, the largest in use, have up to 3 MB. A larger one is passed over, as a damaged one is.
MAX_PROFILE_BYTES = 4 * 2**20
# A profile of a camera or a screen has 0.5 to 50 KB, and images of one source have the same: 2 ms are saved each time.
_CACHED_BYTES, _CACHED = 2**16, 16
# Two profiles of sRGB differ by a step of 255 where they round: such an image keeps its pixels.
_SAME = 2
_GREY_MODES = frozenset({"1", "L", "LA", "I;16"})
# The mode to convert from, by the profile's colour space.
_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}


@dataclass(frozen=True)
class Conversion:
    """A conversion to sRGB.

    Attributes
    ----------
    mode : str
        Pillow's mode that it converts from: ``RGB``, ``L`` or ``CMYK``.
    apply : callable
        From an image in this mode to one in mode RGB.
    """

    mode: str
    apply: Callable[[Image.Image], Image.Image]


def conversion_to_srgb(profile: bytes | None, mode: str) -> Conversion | None:
    """Return the conversion that an embedded profile asks for.

    Its intent is perceptual, which profiles offer for photographs; those without tables, as of cameras and screens,
    have the same result for every relative intent: colours outside sRGB are clipped.

    Parameters
    ----------
    profile : bytes or None
        The ICC profile.
    mode : str
        Pillow's mode of the image.

    Returns
    -------
    Conversion or None
        None where there is nothing to convert: no profile, that of sRGB itself, one for other pixels than the image's,
        or one that is damaged or larger than `MAX_PROFILE_BYTES`.
    """
    if not profile or len(profile) > MAX_PROFILE_BYTES:
        return None
    found = (_cached if len(profile) <= _CACHED_BYTES else _build)(profile)
    if found is None:
        return None
    fits = mode == "CMYK" if found.mode == "CMYK" else mode in _GREY_MODES if found.mode == "L" else mode != "CMYK"
    return found if fits else None


def _build(profile: bytes) -> Conversion | None:
    from PIL import ImageCms  # 5 ms that images without a profile don't spend

    try:
        source: Any = ImageCms.ImageCmsProfile(io.BytesIO(profile))  # its stubs take the profile for a file
        mode = _MODES[source.profile.xcolor_space.strip()]
        transform: Any = ImageCms.buildTransform(
            source, ImageCms.createProfile("sRGB"), mode, "RGB", ImageCms.Intent.PERCEPTUAL
        )
        return None if mode == "RGB" and _changes_nothing(transform) else Conversion(mode, transform.apply)
    except (ImageCms.PyCMSError, KeyError, OSError, TypeError, ValueError):
        return None


_cached = lru_cache(_CACHED)(_build)


def _changes_nothing(transform: Any) -> bool:
    """Compare 9 × 9 × 9 colours with what becomes of them."""
    steps = [round(step * 255 / 8) for step in range(9)]
    colours = bytes(value for red in steps for green in steps for blue in steps for value in (red, green, blue))
    converted = transform.apply(Image.frombytes("RGB", (27, 27), colours)).tobytes()
    return all(abs(one - other) <= _SAME for one, other in zip(colours, converted, strict=True))
