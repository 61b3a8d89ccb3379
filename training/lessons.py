"""What a network is taught, batch by batch: the same on one process or many, and after any restart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from training.augment import augment, mix
from training.data.pictures import NO_CLASS
from training.recipe import Augmentation, Phase

Batch = tuple[tf.Tensor, ...]


@dataclass(frozen=True)
class Source:
    """Pictures that make up a fixed share of each batch.

    Attributes
    ----------
    images : ndarray of uint8, shape (n, height, width, 3)
    labels : ndarray of int64, shape (n,)
        The first head's target; the number of labels means "none of them".
    classes : ndarray of int64, shape (n,)
        The second head's target; `NO_CLASS` has none.
    rows : int
        Rows of each batch that come from here.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    classes: NDArray[np.int64]
    rows: int


@dataclass(frozen=True)
class Lesson:
    """One phase of a recipe, made ready.

    Batch number k is a function of the seed and of k alone. So a run that starts again goes on with the very batch that
    it was stopped at, and several workers share the batches of one.

    Attributes
    ----------
    name : str
    phase : Phase
    sources : tuple of Source
    outputs : tuple of int
        Number of targets of each head; the first counts "none of them" where there are outliers.
    weights : tuple of float
        Weight of each head's loss.
    augmentation : Augmentation
    seed : int
    """

    name: str
    phase: Phase
    sources: tuple[Source, ...]
    outputs: tuple[int, int]
    weights: tuple[float, float]
    augmentation: Augmentation
    seed: int

    @property
    def batch(self) -> int:
        """Rows of a batch over all workers."""
        return sum(source.rows for source in self.sources)

    def batches(self, start: int = 0, worker: int = 0, workers: int = 1) -> tf.data.Dataset:
        """Make the batches from one number to the end of the phase.

        Parameters
        ----------
        start : int
            Batches that were done already.
        worker, workers : int
            Which of how many gets its part of each batch.

        Returns
        -------
        tf.data.Dataset
            Of pixels (float32, 0 to 255) and one target distribution a head.
        """
        numbers = tf.data.Dataset.range(start, self.phase.steps)
        return numbers.map(self.maker(worker, workers), num_parallel_calls=2, deterministic=True).prefetch(4)

    def maker(self, worker: int = 0, workers: int = 1) -> Callable[[tf.Tensor], Batch]:
        """Give the function that makes a batch from its number.

        Parameters
        ----------
        worker, workers : int
            Which of how many gets its part of each batch.

        Returns
        -------
        callable
            From an int64 scalar to what `batches` holds.
        """
        makers = [self._rows(number, source, worker, workers) for number, source in enumerate(self.sources)]
        return partial(self._make, makers, worker)

    def _rows(self, number: int, source: Source, worker: int, workers: int) -> Callable[[tf.Tensor], Batch]:
        """Give the function from a batch's number to this worker's rows of a source."""
        rng = np.random.default_rng([self.seed, number])
        needed = self.phase.steps * source.rows
        shuffled = [rng.permutation(len(source.labels)) for _ in range(-(-needed // len(source.labels)))]
        order = np.concatenate(shuffled)[:needed].reshape(self.phase.steps, source.rows)[:, worker::workers]
        rows, images = tf.constant(order.astype(np.int32)), tf.convert_to_tensor(source.images)
        labels, classes = tf.constant(source.labels), tf.constant(source.classes)

        def make(batch: tf.Tensor) -> Batch:
            mine = rows[batch]
            return tf.gather(images, mine), tf.gather(labels, mine), tf.gather(classes, mine)

        return make

    def _make(self, makers: list[Callable[[tf.Tensor], Batch]], worker: int, number: tf.Tensor) -> Batch:
        parts = [make(number) for make in makers]
        pixels, labels, classes = (tf.concat(column, 0) for column in zip(*parts, strict=True))
        seed = tf.stack([tf.constant(1009 * self.seed + worker, tf.int64), number])
        one, other = tf.unstack(tf.random.split(seed, 2))
        pixels = augment(pixels, one, self.augmentation)
        targets = tuple(
            self._smooth(found, count) for found, count in zip((labels, classes), self.outputs, strict=True) if count
        )
        pixels, targets = mix(pixels, targets, other, self.phase.mix)
        return pixels, *targets

    def _smooth(self, classes: tf.Tensor, count: int) -> tf.Tensor:
        """Turn class numbers into probabilities; no class gives zeros."""
        smooth = self.phase.label_smoothing
        known = tf.cast(classes != NO_CLASS, tf.float32)[:, tf.newaxis]
        return tf.one_hot(classes, count) * (1 - smooth) + known * smooth / count
