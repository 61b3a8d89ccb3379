"""Charts as rectangles, lines and words: drawn as SVG by a template for the page, and as PNG by Pillow to keep."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Literal

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 480, 260
LEFT, RIGHT, TOP, BOTTOM = 52, 26, 14, 40
_SCALE = 2  # of the PNG
_COLOURS = {"data": "#1f6feb", "guide": "#8a9099", "axis": "#59626d", "text": "#24292f"}
Kind = Literal["data", "guide", "axis"]


@dataclass(frozen=True)
class Bar:
    """A rectangle with its corner at the top left."""

    x: float
    y: float
    width: float
    height: float
    title: str


@dataclass(frozen=True)
class Path:
    """A line through points; data have a mark at each."""

    points: tuple[tuple[float, float], ...]
    kind: Kind


@dataclass(frozen=True)
class Words:
    """A text beside a point."""

    x: float
    y: float
    text: str
    anchor: Literal["start", "middle", "end"]


@dataclass
class Chart:
    """A drawing, and the figures that it shows.

    Attributes
    ----------
    name : str
        In addresses.
    title, note : str
        What it shows; how to read it.
    columns, rows
        The figures.
    """

    name: str
    title: str
    note: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    bars: list[Bar] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)

    def axes(self, x_labels: list[tuple[float, str]], y_labels: list[tuple[float, str]], x_title: str = "") -> None:
        """Draw both axes; positions of labels are shares of an axis, 0 to 1."""
        if x_title:
            self.words.append(Words(self.x(0.5), HEIGHT - 4, x_title, "middle"))
        for share, text in y_labels:
            y = self.y(share)
            self.paths.append(Path(((LEFT, y), (WIDTH - RIGHT, y)), "axis"))
            self.words.append(Words(LEFT - 6, y + 4, text, "end"))
        for share, text in x_labels:
            self.words.append(Words(self.x(share), HEIGHT - BOTTOM + 18, text, "middle"))

    def say(self, text: str) -> None:
        """Show a text in place of a drawing, where there is nothing to draw."""
        self.words.append(Words(WIDTH / 2, HEIGHT / 2, text, "middle"))

    @staticmethod
    def x(share: float) -> float:
        """Give the pixel of a share of the width."""
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    @staticmethod
    def y(share: float) -> float:
        """Give the pixel of a share of the height, upwards."""
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)


def to_png(chart: Chart) -> bytes:
    """Draw a chart as a PNG with its title."""
    image = Image.new("RGB", (WIDTH * _SCALE, (HEIGHT + 24) * _SCALE), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(12 * _SCALE)
    draw.text((8 * _SCALE, 4 * _SCALE), chart.title, _COLOURS["text"], font)

    def at(x: float, y: float) -> tuple[float, float]:
        return x * _SCALE, (y + 24) * _SCALE

    for path in chart.paths:
        points = [at(*point) for point in path.points]
        draw.line(points, _COLOURS[path.kind], width=1 if path.kind == "axis" else 2 * _SCALE)
        if path.kind == "data":
            for x, y in points:
                draw.circle((x, y), 3 * _SCALE, _COLOURS["data"])
    for bar in chart.bars:
        draw.rectangle([at(bar.x, bar.y), at(bar.x + bar.width, bar.y + bar.height)], _COLOURS["data"])
    for words in chart.words:
        anchor = {"start": "ls", "middle": "ms", "end": "rs"}[words.anchor]
        draw.text(at(words.x, words.y), words.text, _COLOURS["text"], font, anchor)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
