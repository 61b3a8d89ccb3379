"""Pictures on the disk of each worker of a parameter server, since the chief can't send them along.

The chief writes the workers' program as a graph, and a graph with the pictures inside must stay below 2 GB. So each
worker puts its own pictures beside itself, and the graph reads them there, once, by a relative path.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from training.lessons import Lesson


def write_pictures(lessons: Sequence[Lesson], folder: Path) -> None:
    """Write the pictures of all lessons.

    Parameters
    ----------
    lessons : sequence of Lesson
    folder : Path
        The worker's working folder.
    """
    for number, lesson in enumerate(lessons):
        for source_number, source in enumerate(lesson.sources):
            np.ascontiguousarray(source.images).tofile(folder / _name(number, source_number))


def from_disk(lesson: Lesson, number: int) -> Lesson:
    """Give a lesson that reads its pictures where it runs, in the graph that is being written.

    Parameters
    ----------
    lesson : Lesson
    number : int
        Which of the course.

    Returns
    -------
    Lesson
    """
    sources = []
    for source_number, source in enumerate(lesson.sources):
        images: Any = tf.raw_ops.ImmutableConst(
            dtype=tf.uint8, shape=source.images.shape, memory_region_name=_name(number, source_number)
        )
        sources.append(dataclasses.replace(source, images=images))
    return dataclasses.replace(lesson, sources=tuple(sources))


def _name(lesson: int, source: int) -> str:
    return f"lesson-{lesson}-source-{source}.raw"
