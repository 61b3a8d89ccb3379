"""Colours as things have them."""

from __future__ import annotations

import colorsys
import random

from training.data.drawn.pen import Colour


def paint(rng: random.Random) -> Colour:
    """Choose a paint: mostly a strong colour, sometimes black, white or silver."""
    if rng.random() < 0.3:
        return grey(rng, rng.choice((25, 45, 150, 225)))
    hue = rng.choice((0.0, 0.02, 0.08, 0.14, 0.33, 0.45, 0.58, 0.63, 0.8, 0.92)) + rng.uniform(-0.02, 0.02)
    return from_hsv(hue, rng.uniform(0.6, 1), rng.uniform(0.45, 0.95))


def pastel(rng: random.Random) -> Colour:
    """Choose the colour of a wall."""
    return from_hsv(rng.random(), rng.uniform(0.02, 0.4), rng.uniform(0.45, 0.95))


def grey(rng: random.Random, level: int) -> Colour:
    """Choose a grey near a level, 0 to 255, with a slight cast."""
    return tuple(min(255, max(0, level + rng.randint(-14, 14))) for _ in range(3))  # pyright: ignore[reportReturnType]


def shade(colour: Colour, factor: float) -> Colour:
    """Darken (below 1) or lighten (above 1) a colour."""
    return tuple(min(255, round(part * factor)) for part in colour)  # pyright: ignore[reportReturnType]


def from_hsv(hue: float, saturation: float, value: float) -> Colour:
    """Convert from hue, saturation and value, each 0 to 1 (the hue wraps around)."""
    parts = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return tuple(round(part * 255) for part in parts)  # pyright: ignore[reportReturnType]
