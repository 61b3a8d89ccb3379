"""Teaches a network in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import keras  # pyright: ignore[reportMissingImports] - the training extra
import numpy as np
import tensorflow as tf

from training.course import Course, loss_of
from training.distribution.checkpoints import Arrays
from training.distribution.learn import learn
from training.lessons import Batch, Lesson
from training.optimizers import averaged_weights, make_optimizer


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


class Single:
    """Learns batch after batch; see `training.distribution.learn.Learner`.

    Parameters
    ----------
    course : Course
    """

    leads = True

    def __init__(self, course: Course) -> None:
        self._course, self.model = course, course.make_model()
        self._optimizer: keras.optimizers.Optimizer
        self._batches: Iterator[Batch]
        self._step: Callable[[tf.Tensor, Batch], tf.Tensor]

    def begin(self, lesson: Lesson, start: int) -> None:
        """Make a new optimiser and get ready for a batch."""
        self._optimizer = make_optimizer(lesson, self._course.recipe)
        self._optimizer.build(self.model.trainable_variables)
        self._batches = iter(lesson.batches(start))
        self._step = _make_step(self.model, self._optimizer, lesson)

    def advance(self, start: int, stop: int, pause: Callable[[], bool]) -> tuple[int, float]:
        """Learn from batches up to a number, or until a pause is asked for."""
        step, loss = start, tf.constant(np.nan)
        while step < stop:
            pixels, *targets = next(self._batches)
            loss, step = self._step(pixels, tuple(targets)), step + 1
            if pause():
                break
        return step, float(loss)

    def agree(self, wish: bool) -> bool:
        """Nobody else is asked."""
        return wish

    def share(self, arrays: Arrays) -> Arrays:
        """Nobody else needs them."""
        return arrays

    def averaged(self) -> Arrays:
        """Give the network's weights with the running mean of those that are trained."""
        return list(averaged_weights(self.model, self._optimizer))

    def state(self) -> Arrays:
        """Give the variables of network (with the seeds of its dropout) and optimiser."""
        return [np.asarray(variable) for variable in (*self.model.variables, *self._optimizer.variables)]

    def restore(self, state: Arrays) -> None:
        """Take back what `state` gave."""
        variables = (*self.model.variables, *self._optimizer.variables)
        for variable, value in zip(variables, state, strict=True):
            variable.assign(value)


def _make_step(
    model: keras.Model, optimizer: keras.optimizers.Optimizer, lesson: Lesson
) -> Callable[[tf.Tensor, Batch], tf.Tensor]:
    @tf.function(jit_compile=False)
    def step(pixels: tf.Tensor, targets: Batch) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = loss_of(lesson, model(pixels, training=True), targets)
        variables = model.trainable_variables
        gradients = tape.gradient(loss, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        optimizer.apply(gradients, variables)
        return loss

    return step
