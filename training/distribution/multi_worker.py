"""Teaches a network in several processes in step: each learns from its part of every batch.

Keras 3's `fit` does not run under TensorFlow's multi-worker strategy; its variables and optimisers do.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import keras  # pyright: ignore[reportMissingImports] - the training extra
import numpy as np
import tensorflow as tf

from signpost.errors import SettingsError
from training.course import Course, gradients_of
from training.distribution.checkpoints import Arrays
from training.distribution.cluster import Cluster
from training.distribution.learn import Learner, learn
from training.distribution.server import await_end
from training.distribution.watchdog import PATIENCE_SECONDS, still_learning, watchdog
from training.lessons import Batch, Lesson
from training.optimizers import make_optimizer


def teach(course: Course) -> keras.Model | None:
    """Take a network through all lessons, together with the other processes that TF_CONFIG names.

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
        After SIGTERM or Ctrl-C in any of the processes.
    """
    cluster = Cluster.from_environment(os.environ)
    tf.config.set_visible_devices(tf.config.list_physical_devices("GPU")[:1], "GPU")  # one learner a process
    with watchdog():
        learner = MultiWorker(course, cluster)
        learn(course, learner)
    if not learner.leads:
        # Were it to leave now, TensorFlow would tell the chief, which still exports, that it had crashed.
        await_end()
        return None
    model = course.make_model()
    model.set_weights(learner.model.get_weights())
    return model


class MultiWorker(Learner):
    """Learns in step with others; see `training.distribution.learn.Learner`.

    Parameters
    ----------
    course : Course
    cluster : Cluster
    """

    def __init__(self, course: Course, cluster: Cluster) -> None:
        self._strategy = tf.distribute.MultiWorkerMirroredStrategy(
            communication_options=tf.distribute.experimental.CommunicationOptions(timeout_seconds=PATIENCE_SECONDS)
        )
        self._course, self._workers = course, len(cluster.learners)
        self._worker = cluster.learners.index(cluster.task)
        self.leads = self._worker == 0
        with self._strategy.scope():
            self.model = course.make_model()
        self._batches: Iterator[Batch]
        self._step: Callable[..., tf.Tensor]
        self._sum = tf.function(self._reduce_sum)

    def begin(self, lesson: Lesson, start: int) -> None:
        """Make a new optimiser and get ready for a batch."""
        with self._strategy.scope():
            self.optimizer = make_optimizer(lesson, self._course.recipe)
            self.optimizer.build(self.model.trainable_variables)
        # Keras clips each worker's own gradients and sums them then. They are to be clipped as those of one process
        # are, so they come summed, and its sum is left out.
        self.optimizer._all_reduce_sum_gradients = lambda gradients: gradients
        self._batches = iter(lesson.batches(start, self._worker, self._workers))
        share = share_of_batch(lesson, self._worker, self._workers)
        self._step = _make_step(self._strategy, self.model, self.optimizer, lesson, share)

    def advance(self, start: int, stop: int, pause: Callable[[], bool]) -> tuple[int, float]:
        """Learn from batches up to a number, or until any process asks for a pause: all stop at the same batch."""
        step, loss = start, np.nan
        while step < stop:
            still_learning()
            pixels, *targets = next(self._batches)
            loss, wishes = self._step(pixels, tuple(targets), tf.constant(float(pause()))).numpy()
            step += 1
            if wishes:
                break
        return step, float(loss)

    def agree(self, wish: bool) -> bool:
        """Find out whether any process wishes something."""
        return float(self._sum(tf.constant(float(wish)))) > 0

    def share(self, arrays: Arrays) -> Arrays:
        """Give every process the arrays of the leading one."""
        # As one row of numbers: TensorFlow writes a graph for each shape that it sums.
        row = np.concatenate([array.ravel().astype(np.float64) for array in arrays])
        total = np.asarray(self._sum(tf.constant(row if self.leads else np.zeros_like(row))))
        parts = np.split(total, np.cumsum([array.size for array in arrays])[:-1])
        return [part.reshape(array.shape).astype(array.dtype) for part, array in zip(parts, arrays, strict=True)]

    def _reduce_sum(self, value: tf.Tensor) -> tf.Tensor:
        def total(mine: tf.Tensor) -> tf.Tensor:
            context: Any = tf.distribute.get_replica_context()
            # The copy lies on the replica's device; what was handed in lies on none.
            return context.all_reduce(tf.distribute.ReduceOp.SUM, tf.identity(mine))

        return self._strategy.run(total, (value,))


def share_of_batch(lesson: Lesson, worker: int, workers: int) -> float:
    """Say how much of each batch a worker gets.

    Parameters
    ----------
    lesson : Lesson
    worker, workers : int
        Which of how many.

    Returns
    -------
    float
        Above 0; all workers' shares sum to 1.

    Raises
    ------
    SettingsError
        If nothing is left for the worker.
    """
    rows = sum(len(range(worker, source.rows, workers)) for source in lesson.sources)
    if not rows:
        raise SettingsError(
            f"{workers} workers are too many for {lesson.name}: its batches have {lesson.batch} pictures, "
            f"and worker {worker} gets none; allowed are at most {max(source.rows for source in lesson.sources)}"
        )
    return rows / lesson.batch


def _make_step(
    strategy: tf.distribute.Strategy,
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    lesson: Lesson,
    share: float,
) -> Callable[..., tf.Tensor]:
    running = [variable for variable in model.non_trainable_variables if "float" in variable.dtype]

    def learn_from(pixels: tf.Tensor, targets: Batch, wish: tf.Tensor) -> tf.Tensor:
        loss, gradients = gradients_of(lesson, model, pixels, targets, share)
        context: Any = tf.distribute.get_replica_context()
        optimizer.apply(context.all_reduce(tf.distribute.ReduceOp.SUM, gradients), model.trainable_variables)
        # Batch norm's running averages saw one part each; so all workers go on with the same.
        means = context.all_reduce(tf.distribute.ReduceOp.MEAN, [tf.identity(value) for value in running])
        for variable, mean in zip(running, means, strict=True):
            variable.assign(mean)
        return context.all_reduce(tf.distribute.ReduceOp.SUM, tf.stack([loss, wish]))

    @tf.function(jit_compile=False)
    def step(pixels: tf.Tensor, targets: Batch, wish: tf.Tensor) -> tf.Tensor:
        return strategy.run(learn_from, (pixels, targets, wish))

    return step
