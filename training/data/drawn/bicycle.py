"""Draws a bicycle: thin wheels with spokes, a frame of tubes, handlebar, saddle, cranks and pedals."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from training.data.drawn.colours import grey, paint, shade
from training.data.drawn.pen import Colour, Pen, Point, bend

EXTENT = 1.75
_REAR: Point = (-0.5, -0.22)
_FRONT: Point = (0.53, -0.22)


@dataclass(frozen=True)
class _Look:
    """What makes one bicycle differ from the next; lengths in wheel bases."""

    frame: Colour
    tyre: Colour
    metal: Colour
    saddle: Colour
    wheel: float
    tube: float
    head: Point
    seat: Point
    crank: Point


def draw_bicycle(pen: Pen, rng: random.Random) -> None:
    """Draw one bicycle around the origin, front to the right.

    Parameters
    ----------
    pen : Pen
    rng : random.Random
        Chooses geometry, colours and parts.
    """
    look = _Look(
        frame=paint(rng),
        tyre=grey(rng, rng.choice((20, 30, 40, 70))),
        metal=grey(rng, rng.choice((90, 150, 190))),
        saddle=rng.choice(((25, 25, 28), (90, 52, 24), (40, 40, 45))),
        wheel=rng.uniform(0.29, 0.36),
        tube=rng.uniform(0.022, 0.042),
        head=(0.36 + rng.uniform(-0.03, 0.03), 0.27 + rng.uniform(-0.05, 0.06)),
        seat=(-0.22 + rng.uniform(-0.03, 0.03), 0.26 + rng.uniform(-0.06, 0.06)),
        crank=(-0.06 + rng.uniform(-0.03, 0.03), -0.25),
    )
    for hub in (_REAR, _FRONT):
        _wheel(pen, rng, look, hub)
    if rng.random() < 0.4:
        _mudguards(pen, look)
    _frame(pen, look, step_through=rng.random() < 0.3)
    _saddle(pen, rng, look)
    _handlebar(pen, rng, look)
    _cranks(pen, rng, look)
    if rng.random() < 0.2:
        _basket(pen, look)


def _wheel(pen: Pen, rng: random.Random, look: _Look, hub: Point) -> None:
    spokes, start = rng.choice((12, 16, 20)), rng.random()
    for step in range(spokes):
        angle = start + 2 * math.pi * step / spokes
        rim = (hub[0] + look.wheel * math.cos(angle), hub[1] + look.wheel * math.sin(angle))
        pen.line([hub, rim], 0.005, look.metal)
    pen.ring(hub, look.wheel - 0.025, 0.012, look.metal)
    pen.ring(hub, look.wheel, rng.uniform(0.022, 0.042), look.tyre)
    pen.disc(hub, 0.028, look.metal)


def _mudguards(pen: Pen, look: _Look) -> None:
    for hub in (_REAR, _FRONT):
        angles = [math.radians(a) for a in range(35, 175, 10)]
        radius = look.wheel + 0.045
        pen.line([(hub[0] + radius * math.cos(a), hub[1] + radius * math.sin(a)) for a in angles], 0.015, look.frame)


def _frame(pen: Pen, look: _Look, step_through: bool) -> None:
    head, seat, crank = look.head, look.seat, look.crank
    below = (head[0] + 0.03, head[1] - 0.11)
    if step_through:
        pen.line(bend(below, (0.02, -0.16), (seat[0] + 0.07, seat[1] - 0.3)), look.tube, look.frame)
    else:
        pen.line([seat, head], look.tube, look.frame)
    pen.line([below, crank], look.tube * 1.1, look.frame)
    pen.line([(seat[0] - 0.025, seat[1] + 0.06), crank], look.tube, look.frame)
    pen.line([_REAR, crank], look.tube * 0.75, look.frame)
    pen.line([_REAR, seat], look.tube * 0.7, shade(look.frame, 0.85))
    pen.line([head, below], look.tube * 1.3, look.frame)
    pen.line(bend(below, (below[0] + 0.06, below[1] - 0.2), _FRONT), look.tube * 0.85, shade(look.frame, 0.9))


def _saddle(pen: Pen, rng: random.Random, look: _Look) -> None:
    x, y = look.seat[0] - 0.05, look.seat[1] + rng.uniform(0.09, 0.16)
    pen.line([look.seat, (x, y)], look.tube * 0.7, look.metal)
    offsets = ((-0.13, 0.035), (-0.11, -0.015), (0.02, 0.0), (0.15, 0.012), (0.03, 0.035))
    pen.shape([(x + dx, y + dy) for dx, dy in offsets], look.saddle)


def _handlebar(pen: Pen, rng: random.Random, look: _Look) -> None:
    x, y = look.head[0] - 0.02, look.head[1] + rng.uniform(0.07, 0.14)
    pen.line([look.head, (x, y)], look.tube * 0.8, look.metal)
    kind = rng.choice(("flat", "drop", "swept"))
    if kind == "drop":
        bar = [(x, y), (x + 0.1, y + 0.01), *bend((x + 0.12, y), (x + 0.2, y - 0.1), (x + 0.06, y - 0.13))]
    elif kind == "swept":
        bar = [*bend((x + 0.03, y), (x + 0.06, y + 0.09), (x - 0.18, y + 0.06))]
    else:
        bar = [(x - 0.04, y + 0.02), (x + 0.1, y + 0.02)]
    pen.line(bar, look.tube * 0.8, look.saddle)


def _cranks(pen: Pen, rng: random.Random, look: _Look) -> None:
    angle = rng.uniform(0, math.pi)
    pen.ring(look.crank, 0.075, 0.016, look.metal)
    pen.line([(look.crank[0], look.crank[1] + 0.075), (_REAR[0], _REAR[1] + 0.03)], 0.008, (60, 60, 60))
    pen.line([(look.crank[0], look.crank[1] - 0.075), (_REAR[0], _REAR[1] - 0.03)], 0.008, (60, 60, 60))
    for side in (0, math.pi):
        x = look.crank[0] + 0.15 * math.cos(angle + side)
        y = look.crank[1] + 0.15 * math.sin(angle + side)
        pen.line([look.crank, (x, y)], 0.018, look.metal)
        pen.line([(x - 0.05, y), (x + 0.05, y)], 0.026, (30, 30, 30))


def _basket(pen: Pen, look: _Look) -> None:
    x, y = look.head[0] + 0.1, look.head[1] - 0.02
    corners = [(x, y + 0.13), (x + 0.22, y + 0.13), (x + 0.18, y - 0.05), (x + 0.02, y - 0.05)]
    pen.line([*corners, corners[0]], 0.012, look.metal)
    for share in (0.33, 0.66):
        pen.line([(x, y + 0.13 - 0.18 * share), (x + 0.2, y + 0.13 - 0.18 * share)], 0.008, look.metal)
        pen.line([(x + 0.22 * share, y + 0.13), (x + 0.2 * share, y - 0.05)], 0.008, look.metal)
