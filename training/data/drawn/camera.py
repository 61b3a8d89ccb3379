"""What a camera does to a scene: light, contrast, blur, noise, and the file that it saves."""

from __future__ import annotations

import io
import random

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from training.data.drawn.pen import circle, project

_GROUND = -0.55  # where wheels touch, in units


def cast_shadow(image: Image.Image, view: NDArray[np.float64], rng: random.Random) -> Image.Image:
    """Darken the ground where an object stands.

    Parameters
    ----------
    image : PIL.Image.Image
        Mode RGB.
    view : ndarray, shape (3, 3)
        As `random_view` made it for the object.
    rng : random.Random
        Chooses whether there is a shadow, how wide and how dark.

    Returns
    -------
    PIL.Image.Image
        Mode RGB, same size.
    """
    if rng.random() < 0.3:
        return image
    reach, flat = rng.uniform(0.6, 0.95), rng.uniform(0.02, 0.07)
    outline = [(reach * x, _GROUND + flat * y) for x, y in circle((0, 0), 1)]
    mask = Image.new("L", image.size, 0)
    ImageDraw.Draw(mask).polygon(project(view, outline), fill=rng.randint(60, 150))
    return Image.composite(Image.new("RGB", image.size, (20, 20, 24)), image, mask.filter(ImageFilter.BoxBlur(8)))


def photograph(image: Image.Image, rng: random.Random) -> Image.Image:
    """Make a clean drawing look as if it had been photographed.

    Parameters
    ----------
    image : PIL.Image.Image
        Mode RGB.
    rng : random.Random
        Chooses light, contrast, saturation, blur and noise.

    Returns
    -------
    PIL.Image.Image
        Mode RGB, same size.
    """
    image = ImageEnhance.Color(image).enhance(rng.uniform(0.3, 1.2))
    image = ImageEnhance.Contrast(image).enhance(rng.uniform(0.65, 1.2))
    if rng.random() < 0.4:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.4, 2.2)))
    pixels = np.asarray(image, np.float32) * _light(image.size, rng)
    grain = np.random.default_rng(rng.getrandbits(64)).standard_normal(pixels.shape, np.float32)
    return Image.fromarray(np.clip(pixels + grain * rng.choice((0, 2, 5, 12)), 0, 255).astype(np.uint8))


def _light(size: tuple[int, int], rng: random.Random) -> NDArray[np.float32]:
    """Light from one side, with a cast: a factor for each pixel and channel."""
    across = np.linspace(-1, 1, size[0], dtype=np.float32)[None, :, None] * rng.uniform(-0.25, 0.25)
    down = np.linspace(-1, 1, size[1], dtype=np.float32)[:, None, None] * rng.uniform(-0.2, 0.2)
    cast = np.array([rng.uniform(0.92, 1.08) for _ in range(3)], np.float32)
    return np.multiply(rng.uniform(0.6, 1.15) + across + down, cast, dtype=np.float32)


def save(image: Image.Image, rng: random.Random) -> tuple[str, bytes]:
    """Encode a picture as JPEG (mostly) or PNG.

    Returns
    -------
    suffix : str
        ``.jpg`` or ``.png``.
    content : bytes
    """
    buffer = io.BytesIO()
    if rng.random() < 0.8:
        image.save(buffer, "JPEG", quality=rng.randint(55, 95))
        return ".jpg", buffer.getvalue()
    image.save(buffer, "PNG", compress_level=1)  # grain hardly compresses, and trying harder takes twice as long
    return ".png", buffer.getvalue()
