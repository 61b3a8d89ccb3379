"""Pictures that the project draws itself: bicycles, motorcycles and neither.

The same label, seed and index always give the same picture.
"""

from __future__ import annotations

import random
from typing import Literal

from PIL import Image

from training.data.drawn.background import paint_background
from training.data.drawn.bicycle import EXTENT as _BICYCLE
from training.data.drawn.bicycle import draw_bicycle
from training.data.drawn.camera import cast_shadow, photograph, save
from training.data.drawn.motorcycle import EXTENT as _MOTORCYCLE
from training.data.drawn.motorcycle import draw_motorcycle
from training.data.drawn.pen import Pen, random_view
from training.data.drawn.things import EXTENT as _THING
from training.data.drawn.things import draw_thing

Label = Literal["bicycle", "motorcycle", "neither"]
LABELS: tuple[Label, ...] = ("bicycle", "motorcycle", "neither")
_SUBJECTS = {
    "bicycle": (draw_bicycle, _BICYCLE),
    "motorcycle": (draw_motorcycle, _MOTORCYCLE),
    "neither": (draw_thing, _THING),
}
_SIZES = ((256, 256), (320, 240), (288, 256))
_SUPERSAMPLING = 2  # drawn larger and scaled down: Pillow's lines have hard edges


def draw_picture(label: Label, seed: int, index: int) -> Image.Image:
    """Draw one picture.

    Parameters
    ----------
    label : {"bicycle", "motorcycle", "neither"}
        What it shows.
    seed, index : int
        Which picture of which series.

    Returns
    -------
    PIL.Image.Image
        Mode RGB, between 256 × 240 and 320 × 256 pixels.
    """
    rng = random.Random(f"{label}/{seed}/{index}")  # noqa: S311 - pictures, not secrets
    width, height = (side * _SUPERSAMPLING for side in rng.choice(_SIZES))
    draw, extent = _SUBJECTS[label]
    view = random_view(rng, (width, height), extent)
    image = cast_shadow(paint_background((width, height), rng), view, rng)
    draw(Pen(image, view), rng)
    return photograph(image.reduce(_SUPERSAMPLING), rng)


def draw_file(label: Label, seed: int, index: int) -> tuple[str, bytes]:
    """Draw one picture as a file.

    Parameters
    ----------
    label : {"bicycle", "motorcycle", "neither"}
    seed, index : int
        Which picture of which series.

    Returns
    -------
    name : str
        Such as ``bicycle-0007.jpg``.
    content : bytes
        JPEG or PNG.
    """
    rng = random.Random(f"file/{label}/{seed}/{index}")  # noqa: S311 - pictures, not secrets
    suffix, content = save(draw_picture(label, seed, index), rng)
    return f"{label}-{index:04d}{suffix}", content
