"""Draws a motorcycle: fat tyres, engine block, tank, exhaust, seat, fork and headlight."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from training.data.drawn.colours import grey, paint, shade
from training.data.drawn.pen import Colour, Pen, Point, bend

EXTENT = 1.75
_REAR: Point = (-0.52, -0.25)
_FRONT: Point = (0.56, -0.25)
_SEAT = (28, 27, 30)


@dataclass(frozen=True)
class _Look:
    """What makes one motorcycle differ from the next; lengths in wheel bases."""

    body: Colour
    trim: Colour
    metal: Colour
    dark: Colour
    wheel: float
    tyre: float


def draw_motorcycle(pen: Pen, rng: random.Random) -> None:
    """Draw one motorcycle around the origin, front to the right.

    Parameters
    ----------
    pen : Pen
    rng : random.Random
        Chooses the kind (roadster, cruiser, sport, dirt bike, scooter), colours and parts.
    """
    kind = rng.choices(("roadster", "cruiser", "sport", "dirt", "scooter"), (3, 2, 3, 1, 2))[0]
    body = paint(rng)
    look = _Look(
        body=body,
        trim=rng.choice((shade(body, 0.6), (235, 235, 235), paint(rng))),
        metal=grey(rng, rng.choice((110, 160, 200))),
        dark=grey(rng, rng.choice((28, 40, 60))),
        wheel={"scooter": 0.19, "dirt": 0.27}.get(kind, 0.235) + rng.uniform(-0.015, 0.02),
        tyre={"dirt": 0.07}.get(kind, 0.1) + rng.uniform(-0.01, 0.025),
    )
    hubs = [(x, y + look.wheel - 0.28) for x, y in (_REAR, _FRONT)]
    for hub in hubs:
        _wheel(pen, rng, look, hub)
    if kind == "scooter":
        _scooter(pen, look, hubs)
        return
    _fork(pen, look, hubs, raked=kind == "cruiser")
    _engine(pen, rng, look)
    pen.line([hubs[0], (-0.1, -0.2)], 0.05, look.dark)
    _exhaust(pen, rng, look, high=kind == "dirt")
    {"sport": _sport, "cruiser": _cruiser, "dirt": _dirt, "roadster": _roadster}[kind](pen, look)


def _wheel(pen: Pen, rng: random.Random, look: _Look, hub: Point) -> None:
    pen.ring(hub, look.wheel, look.tyre, (24, 24, 26))
    pen.ring(hub, look.wheel - look.tyre / 2, 0.025, look.metal)
    spokes, start = rng.choice((3, 5, 6, 10)), rng.random()
    for step in range(spokes):
        angle = start + 2 * math.pi * step / spokes
        reach = look.wheel - look.tyre / 2
        pen.line([hub, (hub[0] + reach * math.cos(angle), hub[1] + reach * math.sin(angle))], 0.13 / spokes, look.metal)
    pen.disc(hub, 0.085, shade(look.metal, 0.8))
    pen.disc(hub, 0.035, look.dark)


def _fork(pen: Pen, look: _Look, hubs: Sequence[Point], raked: bool) -> None:
    top = (0.22 if raked else 0.33, 0.27)
    pen.line([hubs[1], top], 0.05, look.metal)
    pen.line([(top[0] - 0.09, top[1] + 0.07), (top[0] + 0.03, top[1])], 0.035, look.dark)
    angles = [math.radians(a) for a in range(30, 155, 12)]
    radius = look.wheel + look.tyre * 0.75
    guard = [(hubs[1][0] + radius * math.cos(a), hubs[1][1] + radius * math.sin(a)) for a in angles]
    pen.line(guard, 0.045, look.body)


def _engine(pen: Pen, rng: random.Random, look: _Look) -> None:
    pen.shape([(-0.24, -0.32), (0.2, -0.34), (0.27, -0.12), (0.2, 0.05), (-0.18, 0.05), (-0.28, -0.1)], look.dark)
    for row in range(5):
        y = -0.1 + row * 0.035
        pen.line([(-0.02, y), (0.19, y)], 0.014, look.metal)
    pen.disc((-0.1, -0.2), rng.uniform(0.08, 0.11), shade(look.metal, 0.85))
    pen.disc((0.09, -0.24), 0.065, look.metal)
    pen.line([(0.26, 0.12), (0.28, -0.1), (0.16, -0.32)], 0.035, look.dark)


def _exhaust(pen: Pen, rng: random.Random, look: _Look, high: bool) -> None:
    chrome = rng.choice((look.metal, (215, 215, 220), (50, 50, 52)))
    end = (-0.72, 0.08) if high else (-0.72, rng.uniform(-0.28, -0.16))
    pen.line([*bend((0.2, -0.05), (0.24, -0.42), (-0.12, -0.36)), (-0.25, end[1] - 0.04)], 0.035, chrome)
    pen.line([(-0.25, end[1] - 0.04), end], 0.085, chrome)


def _headlight(pen: Pen, centre: Point) -> None:
    pen.disc(centre, 0.075, (60, 60, 64))
    pen.disc((centre[0] + 0.015, centre[1]), 0.055, (250, 245, 205))


def _roadster(pen: Pen, look: _Look) -> None:
    pen.shape([(-0.1, 0.08), (0.24, 0.1), *bend((0.3, 0.2), (0.16, 0.36), (-0.06, 0.24))], look.body)
    pen.shape([(-0.02, 0.17), (0.2, 0.2), (0.16, 0.25), (0, 0.23)], look.trim)
    pen.shape([(-0.66, 0.2), (-0.6, 0.1), (-0.1, 0.08), (-0.06, 0.18), (-0.3, 0.19)], _SEAT)
    pen.shape([(-0.72, 0.2), (-0.58, 0.08), (-0.36, 0.06), (-0.4, 0.12)], look.body)
    pen.line([(0.28, 0.32), (0.2, 0.4), (0.12, 0.38)], 0.03, _SEAT)
    _headlight(pen, (0.42, 0.24))


def _cruiser(pen: Pen, look: _Look) -> None:
    pen.shape([(-0.14, 0.04), (0.18, 0.12), *bend((0.22, 0.2), (0.02, 0.32), (-0.2, 0.1))], look.body)
    pen.shape([(-0.56, 0.2), (-0.52, 0.06), (-0.16, 0), (-0.12, 0.07), (-0.34, 0.08), (-0.44, 0.2)], _SEAT)
    angles = [math.radians(a) for a in range(15, 150, 12)]
    radius = look.wheel + look.tyre * 0.8
    pen.line([(_REAR[0] + radius * math.cos(a), -0.29 + radius * math.sin(a)) for a in angles], 0.07, look.body)
    pen.line([(0.18, 0.3), (0.1, 0.46), (-0.02, 0.44)], 0.028, look.metal)
    _headlight(pen, (0.34, 0.3))


def _sport(pen: Pen, look: _Look) -> None:
    pen.shape([(-0.12, 0.06), (0.2, 0.08), *bend((0.26, 0.2), (0.1, 0.36), (-0.08, 0.2))], look.body)
    pen.shape([(0.1, 0.12), (0.28, 0.3), (0.5, 0.2), (0.56, 0.06), (0.34, -0.1), (0.24, -0.34), (-0.22, -0.34),
               (-0.1, -0.16), (0.12, -0.08)], look.body)  # fmt: skip
    pen.shape([(0.24, 0.02), (0.44, 0.1), (0.3, -0.06), (0.14, -0.26), (0.02, -0.24)], look.trim)
    pen.shape([(0.28, 0.3), (0.36, 0.4), (0.5, 0.2)], (150, 170, 185))
    pen.shape([(-0.76, 0.3), (-0.62, 0.18), (-0.1, 0.08), (-0.08, 0.16), (-0.34, 0.22)], look.body)
    pen.shape([(-0.5, 0.25), (-0.36, 0.17), (-0.1, 0.15), (-0.2, 0.2)], _SEAT)
    pen.disc((0.49, 0.13), 0.04, (250, 245, 215))


def _dirt(pen: Pen, look: _Look) -> None:
    pen.shape([(0.02, 0.02), (0.26, 0.02), (0.3, 0.24), (-0.02, 0.24)], look.body)
    pen.line([(-0.66, 0.26), (-0.3, 0.23), (0.08, 0.27)], 0.06, _SEAT)
    pen.shape([(-0.8, 0.3), (-0.36, 0.2), (-0.3, 0.1), (-0.5, 0.14)], look.body)
    pen.line([(0.34, 0.06), (0.62, 0.14), (0.82, 0.08)], 0.04, look.body)
    pen.line([(0.3, 0.3), (0.22, 0.4), (0.14, 0.4)], 0.03, _SEAT)
    pen.shape([(0.36, 0.34), (0.46, 0.28), (0.44, 0.16), (0.36, 0.18)], look.trim)


def _scooter(pen: Pen, look: _Look, hubs: Sequence[Point]) -> None:
    pen.line([hubs[1], (0.36, 0.3)], 0.05, look.dark)
    pen.shape([(0.3, 0.3), (0.42, 0.24), (0.42, -0.1), (0.3, -0.24), (0.22, -0.2)], look.body)
    pen.shape([(0.4, -0.17), (-0.2, -0.22), (-0.24, -0.34), (0.3, -0.35)], shade(look.body, 0.75))
    back = [(-0.14, -0.26), (-0.08, 0.12), *bend((-0.3, 0.16), (-0.84, 0.16), (-0.8, -0.12)), (-0.5, -0.2)]
    pen.shape(back, look.body)
    pen.line([(-0.62, 0.16), (-0.12, 0.16)], 0.085, _SEAT)
    pen.shape([(0.36, -0.1), (0.6, 0), (0.76, -0.16), (0.7, -0.2), (0.5, -0.12)], look.body)
    pen.shape([(0.28, 0.28), (0.3, 0.44), (0.44, 0.42), (0.46, 0.28)], look.body)
    pen.line([(0.3, 0.42), (0.16, 0.44)], 0.035, _SEAT)
    _headlight(pen, (0.44, 0.36))
