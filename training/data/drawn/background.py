"""Paints what is behind an object: studio, road, meadow, wall, street, room or a blur of things."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from training.data.drawn.colours import from_hsv, grey, paint, pastel, shade
from training.data.drawn.pen import Colour

Size = tuple[int, int]


def paint_background(size: Size, rng: random.Random) -> Image.Image:
    """Paint a background.

    Parameters
    ----------
    size : tuple of int
        Width and height in pixels.
    rng : random.Random
        Chooses the kind and its details.

    Returns
    -------
    PIL.Image.Image
        Mode RGB.
    """
    kinds: list[Callable[[Size, random.Random], Image.Image]] = [_studio, _road, _meadow, _wall, _street, _room, _blur]
    return rng.choices(kinds, weights=(3, 3, 2, 2, 2, 1, 2))[0](size, rng)


def _gradient(size: Size, top: Colour, bottom: Colour) -> Image.Image:
    share = np.linspace(0, 1, size[1])[:, None, None]
    column = (1 - share) * np.asarray(top, float) + share * np.asarray(bottom, float)
    return Image.fromarray(np.repeat(column, size[0], axis=1).astype(np.uint8))


def _sky(size: Size, rng: random.Random) -> Image.Image:
    top = from_hsv(rng.uniform(0.53, 0.62), rng.uniform(0.1, 0.65), rng.uniform(0.55, 0.98))
    image = _gradient(size, top, grey(rng, rng.randint(190, 235)))
    draw = ImageDraw.Draw(image)
    for _ in range(rng.randint(0, 4)):
        x, y, r = rng.uniform(0, size[0]), rng.uniform(0, size[1] * 0.35), rng.uniform(0.03, 0.1) * size[0]
        draw.ellipse((x - 2 * r, y - r * 0.6, x + 2 * r, y + r * 0.6), fill=grey(rng, 238))
    return image.filter(ImageFilter.GaussianBlur(6))


def _ground(image: Image.Image, rng: random.Random, near: Colour, far: Colour) -> int:
    """Lay a ground into a picture; the horizon is returned."""
    width, height = image.size
    horizon = round(height * rng.uniform(0.4, 0.72))
    image.paste(_gradient((width, height - horizon), far, near), (0, horizon))
    return horizon


def _studio(size: Size, rng: random.Random) -> Image.Image:
    if rng.random() < 0.5:
        return Image.new("RGB", size, grey(rng, rng.choice((255, 250, 235))))
    colour = pastel(rng)
    return _gradient(size, colour, shade(colour, rng.uniform(0.7, 1.15)))


def _road(size: Size, rng: random.Random) -> Image.Image:
    image, tar = _sky(size, rng), grey(rng, rng.randint(70, 140))
    horizon = _ground(image, rng, tar, shade(tar, 1.3))
    draw = ImageDraw.Draw(image)
    _trees(draw, size, horizon, rng)
    if rng.random() < 0.6:
        y = horizon + (size[1] - horizon) * rng.uniform(0.3, 0.8)
        for x in range(rng.randint(-60, 0), size[0], 140):
            draw.rectangle((x, y, x + 80, y + 8), fill=grey(rng, 225))
    return image


def _meadow(size: Size, rng: random.Random) -> Image.Image:
    image, green = _sky(size, rng), from_hsv(rng.uniform(0.2, 0.36), rng.uniform(0.35, 0.8), rng.uniform(0.3, 0.65))
    horizon = _ground(image, rng, green, shade(green, 1.25))
    draw = ImageDraw.Draw(image)
    _trees(draw, size, horizon, rng)
    for _ in range(250):
        x, y = rng.uniform(0, size[0]), rng.uniform(horizon, size[1])
        draw.line(
            (x, y, x + rng.uniform(-4, 4), y - rng.uniform(4, 14)), fill=shade(green, rng.uniform(0.7, 1.3)), width=2
        )
    return image


def _trees(draw: ImageDraw.ImageDraw, size: Size, horizon: int, rng: random.Random) -> None:
    for _ in range(rng.randint(0, 6)):
        x, r = rng.uniform(0, size[0]), rng.uniform(0.05, 0.14) * size[0]
        leaf = from_hsv(rng.uniform(0.2, 0.38), rng.uniform(0.3, 0.7), rng.uniform(0.2, 0.5))
        draw.rectangle((x - r / 8, horizon - r, x + r / 8, horizon), fill=(84, 62, 44))
        draw.ellipse((x - r, horizon - 2.4 * r, x + r, horizon - 0.4 * r), fill=leaf)


def _wall(size: Size, rng: random.Random) -> Image.Image:
    colour = rng.choice((pastel(rng), (150, 82, 62), grey(rng, 150)))
    image = Image.new("RGB", size, shade(colour, 0.75))
    draw, tall = ImageDraw.Draw(image), rng.randint(20, 50)
    for row, y in enumerate(range(0, size[1], tall)):
        for x in range(-(row % 2) * tall, size[0], 2 * tall):
            draw.rectangle((x, y, x + 2 * tall - 4, y + tall - 4), fill=shade(colour, rng.uniform(0.88, 1.1)))
    floor = grey(rng, rng.randint(80, 190))
    _ground(image, rng, floor, shade(floor, 0.85))
    return image.filter(ImageFilter.GaussianBlur(rng.uniform(0, 3)))


def _street(size: Size, rng: random.Random) -> Image.Image:
    image, tar = _sky(size, rng), grey(rng, rng.randint(80, 150))
    horizon = _ground(image, rng, tar, tar)
    draw, x = ImageDraw.Draw(image), -40
    while x < size[0]:
        width, top, colour = rng.randint(90, 190), rng.uniform(0, 0.3) * size[1], pastel(rng)
        draw.rectangle((x, top, x + width, horizon), fill=colour)
        for wx in range(x + 14, x + width - 30, 44):
            for wy in range(round(top) + 16, horizon - 34, 56):
                draw.rectangle((wx, wy, wx + 22, wy + 32), fill=shade(colour, rng.uniform(0.35, 0.7)))
        x += width
    return image.filter(ImageFilter.GaussianBlur(rng.uniform(0, 4)))


def _room(size: Size, rng: random.Random) -> Image.Image:
    image, wood = (
        Image.new("RGB", size, pastel(rng)),
        (rng.randint(100, 170), rng.randint(70, 110), rng.randint(40, 80)),
    )
    horizon = _ground(image, rng, wood, shade(wood, 0.8))
    draw = ImageDraw.Draw(image)
    for x in range(-size[0], 2 * size[0], 70):
        draw.line((size[0] / 2 + (x - size[0] / 2) * 0.5, horizon, x, size[1]), fill=shade(wood, 0.7), width=2)
    return image


def _blur(size: Size, rng: random.Random) -> Image.Image:
    image = Image.new("RGB", size, pastel(rng))
    draw = ImageDraw.Draw(image)
    for _ in range(rng.randint(10, 40)):
        x, y = rng.uniform(-0.1, 1) * size[0], rng.uniform(-0.1, 1) * size[1]
        w, h = rng.uniform(0.05, 0.4) * size[0], rng.uniform(0.05, 0.4) * size[1]
        form = rng.choice((draw.rectangle, draw.ellipse))
        form((x, y, x + w, y + h), fill=rng.choice((paint(rng), pastel(rng), grey(rng, 120))))
    return image.filter(ImageFilter.GaussianBlur(rng.uniform(3, 14)))
