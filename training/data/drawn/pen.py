"""Draws shapes given in a vehicle's own coordinates as a camera sees them."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Point = tuple[float, float]
Colour = tuple[int, int, int]
_ROUND = 40  # corners of a circle: smooth at 640 pixels


class Pen:
    """A drawing tool with a view.

    Parameters
    ----------
    image : PIL.Image.Image
        Mode RGB; drawn on.
    view : ndarray, shape (3, 3)
        Homography from model coordinates (units of a wheel base, y upwards) to pixels.
    """

    def __init__(self, image: Image.Image, view: NDArray[np.float64]) -> None:
        self._draw = ImageDraw.Draw(image)
        self._view = view
        self._unit = math.sqrt(abs(np.linalg.det(view[:2, :2])))  # pixels of one unit, on average

    def line(self, points: Sequence[Point], width: float, colour: Colour) -> None:
        """Draw a line with round ends; the width is in units."""
        pixels = project(self._view, points)
        thick = max(1, round(width * self._unit))
        self._draw.line(pixels, fill=colour, width=thick, joint="curve")
        if thick > 2:
            for x, y in (pixels[0], pixels[-1]):
                radius = thick / 2 - 0.5
                self._draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)

    def shape(self, points: Sequence[Point], colour: Colour) -> None:
        """Fill a polygon."""
        self._draw.polygon(project(self._view, points), fill=colour)

    def disc(self, centre: Point, radius: float, colour: Colour) -> None:
        """Fill a circle, which the view may turn into an ellipse."""
        self.shape(circle(centre, radius), colour)

    def ring(self, centre: Point, radius: float, width: float, colour: Colour) -> None:
        """Draw a circle's line."""
        points = circle(centre, radius)
        self.line([*points, *points[:2]], width, colour)


def project(view: NDArray[np.float64], points: Sequence[Point]) -> list[Point]:
    """Convert points from units to pixels by a homography."""
    x, y, w = view @ np.column_stack([np.asarray(points, float), np.ones(len(points))]).T
    return list(zip((x / w).tolist(), (y / w).tolist(), strict=True))


def circle(centre: Point, radius: float) -> list[Point]:
    """List the corners of a polygon that looks like a circle."""
    angles = [2 * math.pi * step / _ROUND for step in range(_ROUND)]
    return [(centre[0] + radius * math.cos(a), centre[1] + radius * math.sin(a)) for a in angles]


def bend(start: Point, control: Point, end: Point, steps: int = 10) -> list[Point]:
    """List the points of a quadratic Bézier curve."""
    ts = [step / steps for step in range(steps + 1)]
    return [
        (
            (1 - t) ** 2 * start[0] + 2 * t * (1 - t) * control[0] + t**2 * end[0],
            (1 - t) ** 2 * start[1] + 2 * t * (1 - t) * control[1] + t**2 * end[1],
        )
        for t in ts
    ]


def random_view(rng: random.Random, size: tuple[int, int], extent: float) -> NDArray[np.float64]:
    """Choose where the camera stands: side or three-quarter, left or right, near or far, level or tilted.

    Parameters
    ----------
    rng : random.Random
    size : tuple of int
        Width and height of the picture in pixels.
    extent : float
        Width of the object in units.

    Returns
    -------
    ndarray, shape (3, 3)
        Homography from units to pixels; the object's middle is its origin.
    """
    width, height = size
    unit = min(width, 1.35 * height) * rng.uniform(0.55, 0.92) / extent
    turned = rng.random() < 0.5
    squeeze = rng.uniform(0.5, 0.85) if turned else rng.uniform(0.9, 1.05)
    depth = rng.uniform(-0.35, 0.35) if turned else rng.uniform(-0.06, 0.06)
    tilt = math.radians(rng.gauss(0, 4))
    facing = rng.choice((-1, 1))
    perspective = np.array([[1, 0, 0], [0, 1, 0], [depth, 0, 1]])
    rise = np.array([[1, 0, 0], [depth * 0.5, 1, 0], [0, 0, 1]])  # a nearer wheel stands lower
    scale = np.diag([facing * unit * squeeze, -unit, 1.0])
    turn = np.array([[math.cos(tilt), -math.sin(tilt), 0], [math.sin(tilt), math.cos(tilt), 0], [0, 0, 1]])
    middle = np.eye(3)
    middle[:2, 2] = width * rng.uniform(0.45, 0.55), height * rng.uniform(0.46, 0.6)
    return middle @ turn @ scale @ rise @ perspective
