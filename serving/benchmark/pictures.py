"""Draws the pictures that are sent: small ones as icons and crops are, large ones as a phone's camera makes them."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from signpost.images.limits import Limits
from signpost.images.prepare import prepare
from signpost.model.package import open_package
from signpost.model.predictor import Predictor
from signpost.routing.contracts import Prediction
from training.data.drawn import Label, draw_picture

_COUNT = 8
_SMALL, _LARGE = (64, 56, 48, 40, 32), (1920, 1080)
# The model must be sure of a picture: another decoder's rounding is not to turn its label.
_CONFIDENCE = 0.9
_GRAIN = 7.0  # of 255; with it a picture compresses as a photograph does
_LABELS: tuple[Label, ...] = ("bicycle", "motorcycle")
Pictures = dict[Path, Prediction]


def draw_pictures(folder: Path, package: Path) -> dict[str, Pictures]:
    """Draw the same pictures every time and classify them.

    Parameters
    ----------
    folder : Path
        Where they are written.
    package : Path
        The model package, which gives the right answers.

    Returns
    -------
    dict
        ``small`` and ``large``: the files and what the predictor itself says of each.
    """
    predictor = Predictor(open_package(package))
    return {kind: _draw_all(folder / kind, kind, predictor) for kind in ("small", "large")}


def describe(pictures: Pictures) -> dict[str, Any]:
    """Say how many there are and how large."""
    sizes = [file.stat().st_size for file in pictures]
    sides = [side for file in pictures for side in Image.open(file).size]
    return {"count": len(sizes), "bytes": sorted(sizes), "sides": [min(sides), max(sides)]}


def _draw_all(folder: Path, kind: str, predictor: Predictor) -> Pictures:
    folder.mkdir(parents=True, exist_ok=True)
    size = predictor.manifest.input
    found: Pictures = {}
    for number, content in enumerate(_draw(kind)):
        image = prepare(content, size.width, size.height, Limits())
        answer = predictor.predict([image])[0]
        if answer.confidence >= _CONFIDENCE:
            file = folder / f"{number:03d}.jpg"
            file.write_bytes(content)
            found[file] = answer
        if len(found) == _COUNT:
            break
    return found


def _draw(kind: str) -> Iterator[bytes]:
    for index in itertools.count():
        image = draw_picture(_LABELS[index % len(_LABELS)], seed=1, index=index)
        side = _SMALL[index % len(_SMALL)]
        size, quality = ((side, side), 95) if kind == "small" else (_LARGE, 85)
        yield _encode(_add_grain(image.resize(size, Image.Resampling.BICUBIC), index), quality)


def _add_grain(image: Image.Image, seed: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    pixels = np.asarray(image, np.float32)
    grain = rng.normal(0, _GRAIN, (*pixels.shape[:2], 1)).astype(np.float32)
    return Image.fromarray(np.clip(pixels + grain, 0, 255).astype(np.uint8))


def _encode(image: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()
