"""Draws things that are neither bicycle nor motorcycle."""

from __future__ import annotations

import math
import random

from training.data.drawn.colours import from_hsv, grey, paint, pastel, shade
from training.data.drawn.pen import Pen, bend

EXTENT = 1.9


def draw_thing(pen: Pen, rng: random.Random) -> None:
    """Draw one thing around the origin, or nothing at all.

    Parameters
    ----------
    pen : Pen
    rng : random.Random
        Chooses the thing and its details.
    """
    things = (_car, _truck, _house, _tree, _abstract, _chair, _boat, _flower, _sign, _ladder, _animal, _nothing)
    rng.choices(things, weights=(3, 2, 2, 2, 3, 2, 1, 2, 1, 2, 2, 2))[0](pen, rng)


def _car(pen: Pen, rng: random.Random) -> None:
    body, roof = paint(rng), rng.uniform(0.25, 0.45)
    pen.shape([(-0.85, -0.3), (-0.85, 0), (-0.55, 0.06), (-0.35, roof), (0.25, roof), (0.5, 0.06), (0.88, -0.02),
               (0.88, -0.3)], body)  # fmt: skip
    pen.shape([(-0.46, 0.06), (-0.31, roof - 0.06), (-0.06, roof - 0.06), (-0.06, 0.06)], (165, 190, 205))
    pen.shape([(0, 0.06), (0, roof - 0.06), (0.22, roof - 0.06), (0.4, 0.06)], (165, 190, 205))
    pen.line([(-0.03, -0.25), (-0.03, 0.05)], 0.01, shade(body, 0.6))
    _wheels(pen, rng, (-0.52, 0.52), rng.uniform(0.14, 0.18), -0.32)


def _truck(pen: Pen, rng: random.Random) -> None:
    box, cab = pastel(rng), paint(rng)
    pen.shape([(-0.9, -0.25), (-0.9, 0.5), (0.35, 0.5), (0.35, -0.25)], box)
    pen.shape([(0.38, -0.25), (0.38, 0.32), (0.7, 0.3), (0.85, 0), (0.85, -0.25)], cab)
    pen.shape([(0.5, 0.03), (0.5, 0.25), (0.67, 0.24), (0.77, 0.03)], (160, 185, 200))
    _wheels(pen, rng, (-0.6, -0.3, 0.6), 0.13, -0.3)


def _wheels(pen: Pen, rng: random.Random, places: tuple[float, ...], radius: float, y: float) -> None:
    hub = grey(rng, 170)
    for x in places:
        pen.disc((x, y), radius, (26, 26, 28))
        pen.disc((x, y), radius * 0.55, hub)


def _house(pen: Pen, rng: random.Random) -> None:
    wall, top = pastel(rng), rng.uniform(0.1, 0.25)
    pen.shape([(-0.6, -0.5), (-0.6, top), (0.6, top), (0.6, -0.5)], wall)
    pen.shape([(-0.7, top), (0, top + 0.4), (0.7, top)], paint(rng))
    pen.shape([(-0.1, -0.5), (-0.1, -0.12), (0.12, -0.12), (0.12, -0.5)], (96, 64, 44))
    for x in (-0.4, 0.32):
        pen.shape([(x - 0.1, -0.2), (x - 0.1, 0.03), (x + 0.1, 0.03), (x + 0.1, -0.2)], (150, 180, 205))


def _tree(pen: Pen, rng: random.Random) -> None:
    for _ in range(rng.randint(1, 3)):
        x, tall = rng.uniform(-0.5, 0.5), rng.uniform(0.25, 0.4)
        leaf = from_hsv(rng.uniform(0.1, 0.38), rng.uniform(0.4, 0.8), rng.uniform(0.25, 0.6))
        pen.line([(x, -0.5), (x, 0.1)], 0.08, (92, 66, 44))
        for _ in range(9):
            spot = (x + rng.uniform(-0.25, 0.25), 0.2 + rng.uniform(-0.15, 0.3))
            pen.disc(spot, tall * rng.uniform(0.4, 0.7), shade(leaf, rng.uniform(0.8, 1.2)))


def _abstract(pen: Pen, rng: random.Random) -> None:
    for _ in range(rng.randint(3, 12)):
        x, y = rng.uniform(-0.8, 0.8), rng.uniform(-0.5, 0.5)
        colour, kind = paint(rng), rng.choice(("disc", "ring", "line", "shape"))
        if kind == "disc":
            pen.disc((x, y), rng.uniform(0.05, 0.35), colour)
        elif kind == "ring":
            pen.ring((x, y), rng.uniform(0.1, 0.4), rng.uniform(0.02, 0.1), colour)
        elif kind == "line":
            pen.line([(x, y), (rng.uniform(-0.9, 0.9), rng.uniform(-0.6, 0.6))], rng.uniform(0.01, 0.08), colour)
        else:
            pen.shape(
                [(x + rng.uniform(-0.4, 0.4), y + rng.uniform(-0.4, 0.4)) for _ in range(rng.randint(3, 5))], colour
            )


def _chair(pen: Pen, rng: random.Random) -> None:
    colour, wide = paint(rng), rng.uniform(0.3, 0.75)
    pen.line([(-wide, 0), (wide, 0)], 0.09, colour)
    for x in (-wide, wide, -wide * 0.6, wide * 0.6):
        pen.line([(x, 0), (x * 1.05, -0.5)], 0.05, shade(colour, 0.75))
    if rng.random() < 0.6:
        pen.line([(-wide, 0), (-wide * 1.1, 0.5)], 0.06, colour)
        pen.line([(-wide * 1.05, 0.4), (-wide * 0.8, 0.05)], 0.03, colour)


def _boat(pen: Pen, rng: random.Random) -> None:
    pen.shape([(-0.8, -0.15), (0.85, -0.1), (0.6, -0.4), (-0.6, -0.4)], paint(rng))
    pen.line([(0, -0.15), (0, 0.6)], 0.03, (110, 84, 60))
    pen.shape([(0.04, 0.58), (0.04, -0.05), (0.6, -0.03)], pastel(rng))
    pen.shape([(-0.04, 0.5), (-0.04, -0.03), (-0.45, -0.03)], pastel(rng))


def _flower(pen: Pen, rng: random.Random) -> None:
    petals, colour, reach = rng.randint(5, 11), paint(rng), rng.uniform(0.2, 0.32)
    pen.line(bend((0, 0.1), (0.1, -0.2), (0, -0.6)), 0.05, (70, 120, 50))
    for step in range(petals):
        angle = 2 * math.pi * step / petals
        pen.disc((reach * math.cos(angle), 0.1 + reach * math.sin(angle)), reach * 0.5, colour)
    pen.disc((0, 0.1), reach * 0.6, (220, 180, 40))


def _sign(pen: Pen, rng: random.Random) -> None:
    pen.line([(0, -0.6), (0, 0.2)], 0.06, grey(rng, 140))
    if rng.random() < 0.5:
        pen.disc((0, 0.25), 0.34, (200, 30, 35))
        pen.disc((0, 0.25), 0.25, (240, 240, 240))
        pen.line([(-0.12, 0.25), (0.12, 0.25)], 0.07, (30, 30, 30))
    else:
        pen.shape([(-0.5, 0.05), (-0.5, 0.45), (0.5, 0.45), (0.5, 0.05)], paint(rng))
        for row in range(3):
            pen.line([(-0.4, 0.14 + 0.11 * row), (rng.uniform(0, 0.4), 0.14 + 0.11 * row)], 0.04, (240, 240, 240))


def _ladder(pen: Pen, rng: random.Random) -> None:
    """Draw a fence, grid or ladder: thin tubes, as a bicycle has, that are none."""
    colour, thick, step = paint(rng), rng.uniform(0.015, 0.05), rng.uniform(0.12, 0.3)
    wide, tall = rng.uniform(0.3, 0.85), rng.uniform(0.25, 0.55)
    x = -wide
    while x <= wide:
        pen.line([(x, -tall), (x, tall)], thick, colour)
        x += step
    for y in (-tall * 0.8, 0, tall * 0.8):
        pen.line([(-wide, y), (wide, y)], thick, colour)


def _animal(pen: Pen, rng: random.Random) -> None:
    fur = rng.choice(((120, 84, 52), (60, 50, 46), (200, 180, 150), (150, 150, 150)))
    for x in (-0.42, -0.28, 0.2, 0.34):
        pen.line([(x, -0.05), (x + rng.uniform(-0.05, 0.05), -0.5)], 0.09, shade(fur, 0.85))
    pen.shape(
        bend((-0.5, -0.1), (0, rng.uniform(0.4, 0.6)), (0.45, -0.05)) + bend((0.45, -0.05), (0, -0.3), (-0.5, -0.1)),
        fur,
    )
    pen.disc((0.5, 0.22), 0.17, fur)
    pen.line([(0.3, 0.02), (0.5, 0.2)], 0.16, fur)
    pen.line(bend((-0.48, 0), (-0.75, 0.1), (-0.7, 0.35)), 0.05, fur)
    pen.disc((0.56, 0.26), 0.022, (15, 15, 15))


def _nothing(_pen: Pen, _rng: random.Random) -> None:
    """Only the background: most strange pictures show no vehicle at all."""
