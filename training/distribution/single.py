"""Teaches a network in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import keras  # pyright: ignore[reportMissingImports] - the training extra
import numpy as np
import tensorflow as tf

from training.course import Course, gradients_of
from training.distribution.learn import Learner, learn
from training.lessons import Batch, Lesson
from training.optimizers import make_optimizer


def teach(course: Course) -> keras.Model:
    """Take a network through all lessons.

    Parameters
    ----------
    course : Course

    Returns
    -------
    keras.Model
        As the course builds it, with the averaged weights.

    Raises
    ------
    TrainingInterrupted
        After SIGTERM or Ctrl-C.
    """
    learner = Single(course)
    learn(course, learner)
    return learner.model


class Single(Learner):
    """Learns batch after batch; see `training.distribution.learn.Learner`.

    Parameters
    ----------
    course : Course
    """

    def __init__(self, course: Course) -> None:
        self._course, self.model = course, course.make_model()
        self._batches: Iterator[Batch]
        self._step: Callable[[tf.Tensor, Batch], tf.Tensor]

    def begin(self, lesson: Lesson, start: int) -> None:
        """Make a new optimiser and get ready for a batch."""
        self.optimizer = make_optimizer(lesson, self._course.recipe)
        self.optimizer.build(self.model.trainable_variables)
        self._batches = iter(lesson.batches(start))
        self._step = make_step(self.model, self.optimizer, lesson)

    def advance(self, start: int, stop: int, pause: Callable[[], bool]) -> tuple[int, float]:
        """Learn from batches up to a number, or until a pause is asked for."""
        step, loss = start, tf.constant(np.nan)
        while step < stop:
            pixels, *targets = next(self._batches)
            loss, step = self._step(pixels, tuple(targets)), step + 1
            if pause():
                break
        return step, float(loss)


def make_step(
    model: keras.Model, optimizer: keras.optimizers.Optimizer, lesson: Lesson
) -> Callable[[tf.Tensor, Batch], tf.Tensor]:
    """Make the function that learns from one batch.

    Parameters
    ----------
    model : keras.Model
    optimizer : keras.optimizers.Optimizer
        Built on the model's trainable variables.
    lesson : Lesson

    Returns
    -------
    callable
        From pixels and targets to the loss.
    """

    @tf.function(jit_compile=False)
    def step(pixels: tf.Tensor, targets: Batch) -> tf.Tensor:
        loss, gradients = gradients_of(lesson, model, pixels, targets)
        optimizer.apply(gradients, model.trainable_variables)
        return loss

    return step
