"""Drawn pictures of the labels and of something else, prepared as serving prepares any file."""

from __future__ import annotations

from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray

from signpost.images.limits import Limits
from signpost.images.prepare import prepare
from training.data.drawn import LABELS, Label, draw_file
from training.data.pictures import Split, join, no_pictures


@dataclass(frozen=True)
class Drawings:
    """Drawn pictures of one part.

    Attributes
    ----------
    known : Split
        Of the labels that can be drawn.
    strange : Split
        Of something else; the labels mean nothing.
    """

    known: Split
    strange: Split


def drawing_processes() -> ProcessPoolExecutor:
    """Give processes to draw in; none is started before there is something to draw."""
    return ProcessPoolExecutor(mp_context=get_context("spawn"))  # a fork would copy TensorFlow's locks


def draw(pool: Executor, labels: tuple[str, ...], count: int, size: tuple[int, int], seed: int) -> Drawings:
    """Draw pictures.

    Parameters
    ----------
    pool : Executor
        From `drawing_processes`.
    labels : tuple of str
        Of the classifier.
    count : int
        Pictures of each label, and of something else; may be 0.
    size : tuple of int
        Width and height in pixels.
    seed : int

    Returns
    -------
    Drawings
    """
    if not count:
        return Drawings(no_pictures((size[1], size[0])), no_pictures((size[1], size[0])))

    def split(label: Label, number: int) -> Split:
        images = list(pool.map(partial(_pixels, label, seed, size), range(count), chunksize=32))
        return Split(np.stack(images), np.full(count, number, np.int64))

    known = [split(label, labels.index(label)) for label in LABELS if label in labels]
    return Drawings(join(known, (size[1], size[0])), split("neither", len(labels)))


def _pixels(label: Label, seed: int, size: tuple[int, int], index: int) -> NDArray[np.uint8]:
    """Draw, save and prepare one picture: the very way that a file takes into the network."""
    _name, content = draw_file(label, seed, index)
    return np.asarray(prepare(content, *size, Limits()))
