"""Teaches a network with a parameter server: it holds the weights, workers compute gradients, the chief gives out work.

Keras 3 does not support TensorFlow's parameter servers in `fit`. Its variables do live on a server when they are made
in the strategy's scope, and its optimisers do change them, from a worker or from the chief; that is all that is used.
"""

from __future__ import annotations

import os
import tempfile
from abc import abstractmethod
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras  # pyright: ignore[reportMissingImports] - the training extra
import numpy as np
import tensorflow as tf

from training.course import Course, gradients_of
from training.distribution.cluster import Cluster
from training.distribution.learn import Learner, learn
from training.distribution.multi_worker import share_of_batch
from training.distribution.pictures import from_disk, write_pictures
from training.distribution.server import serve
from training.distribution.watchdog import still_learning, watchdog
from training.lessons import Lesson
from training.optimizers import make_optimizer

_AHEAD = 2  # batches that wait for each worker, so that none waits for the chief


def teach_asynchronously(course: Course) -> keras.Model | None:
    """Take a network through all lessons; each worker applies its gradients when it has them.

    Parameters
    ----------
    course : Course

    Returns
    -------
    keras.Model or None
        The network with its averaged weights in the chief; None in the others, once the chief has ended.

    Raises
    ------
    TrainingInterrupted
        After SIGTERM or Ctrl-C.
    """
    return _teach(course, Asynchronous)


def teach_synchronously(course: Course) -> keras.Model | None:
    """Take a network through all lessons; the chief applies the mean of all workers' gradients, once a batch.

    Parameters, Returns, Raises
        As `teach_asynchronously`.
    """
    return _teach(course, Synchronous)


def _teach(course: Course, kind: type[_Coordinator]) -> keras.Model | None:
    cluster = Cluster.from_environment(os.environ)
    if cluster.task.type != "chief":
        with tempfile.TemporaryDirectory() as folder:
            write_pictures(course.lessons, Path(folder))
            os.chdir(folder)
            serve(cluster)
        return None
    with watchdog():
        learner = kind(course, cluster)
        learn(course, learner)
    model = course.make_model()
    model.set_weights(learner.model.get_weights())
    return model


class _Coordinator(Learner):
    """What both ways share; see `training.distribution.learn.Learner`.

    Parameters
    ----------
    course : Course
    cluster : Cluster
    """

    def __init__(self, course: Course, cluster: Cluster) -> None:
        strategy = tf.distribute.ParameterServerStrategy(tf.distribute.cluster_resolver.TFConfigClusterResolver())
        self._strategy, self._course, self._workers = strategy, course, len(cluster.learners)
        self._coordinator = tf.distribute.coordinator.ClusterCoordinator(strategy)
        with strategy.scope():
            self.model = course.make_model()

    def begin(self, lesson: Lesson, start: int) -> None:  # noqa: ARG002 - a batch's number goes out with it
        """Make a new optimiser and the workers' program."""
        with self._strategy.scope():
            self.optimizer = make_optimizer(lesson, self._course.recipe)
            self.optimizer.build(self.model.trainable_variables)
        self._make_program(lesson, self._course.lessons.index(lesson))

    @abstractmethod
    def _make_program(self, lesson: Lesson, number: int) -> None:
        """Write what the workers run."""


class Asynchronous(_Coordinator):
    """Gives whole batches to whichever worker is free; gradients may be of weights that others have changed since."""

    def _make_program(self, lesson: Lesson, number: int) -> None:
        # Workers that start at once could both miss that theirs is the first step: the mean would begin at zero.
        means = self.optimizer._model_variables_moving_average
        for variable, mean in zip(self.model.trainable_variables, means, strict=True):
            mean.assign(variable)
        model, optimizer, strategy = self.model, self.optimizer, self._strategy

        def learn_from(batch: tf.Tensor) -> tf.Tensor:
            pixels, *targets = from_disk(lesson, number).maker()(batch)
            loss, gradients = gradients_of(lesson, model, pixels, tuple(targets))
            optimizer.apply(gradients, model.trainable_variables)
            return loss

        self._step = tf.function(lambda batch: strategy.run(learn_from, (batch,)), jit_compile=False)

    def advance(self, start: int, stop: int, pause: Callable[[], bool]) -> tuple[int, float]:
        """Give out batches up to a number, or until a pause is asked for, and await all that were given out."""
        under_way: deque[Any] = deque()
        step, done, loss = start, start, np.nan
        while step < stop and not pause():
            still_learning()
            under_way.append(self._coordinator.schedule(self._step, args=(tf.constant(step, tf.int64),)))
            step += 1
            if len(under_way) > _AHEAD * self._workers:
                loss, done = float(under_way.popleft().fetch()), done + 1
                # Workers that count at once lose counts; the learning rate follows what was really done.
                self.optimizer.iterations.assign(done)
        self._coordinator.join()
        self.optimizer.iterations.assign(step)
        return step, float(under_way[-1].fetch()) if under_way else loss


class Synchronous(_Coordinator):
    """Gives each worker its part of every batch and waits for all of them."""

    def _make_program(self, lesson: Lesson, number: int) -> None:
        self._parts = [self._gradients(lesson, number, worker) for worker in range(self._workers)]
        model, optimizer = self.model, self.optimizer

        @tf.function(jit_compile=False)
        def apply(*gradients: tf.Tensor) -> None:
            optimizer.apply(list(gradients), model.trainable_variables)

        self._apply = apply

    def _gradients(self, lesson: Lesson, number: int, worker: int) -> Callable[[tf.Tensor], Any]:
        model, share = self.model, share_of_batch(lesson, worker, self._workers)

        @tf.function(jit_compile=False)
        def gradients(batch: tf.Tensor) -> tuple[Any, ...]:
            pixels, *targets = from_disk(lesson, number).maker(worker, self._workers)(batch)
            loss, found = gradients_of(lesson, model, pixels, tuple(targets), share)
            return loss, *found

        return gradients

    def advance(self, start: int, stop: int, pause: Callable[[], bool]) -> tuple[int, float]:
        """Learn from batches up to a number, or until a pause is asked for."""
        step, loss = start, np.nan
        while step < stop:
            still_learning()
            batch = tf.constant(step, tf.int64)
            parts = [self._coordinator.schedule(part, args=(batch,)) for part in self._parts]
            # By their shares of the batch the parts sum to the mean over it.
            loss, *gradients = (
                np.sum(values, axis=0) for values in zip(*(part.fetch() for part in parts), strict=True)
            )
            self._apply(*(tf.constant(gradient) for gradient in gradients))
            step += 1
            if pause():
                break
        return step, float(loss)
