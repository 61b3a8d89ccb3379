"""Teaches a network, with outliers that belong to no label."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras  # pyright: ignore[reportMissingImports] - the training extra
import numpy as np
import tensorflow as tf

from training.networks import make_model
from training.recipe import Recipe
from training.vehicle.data import LABELS, Pictures

_PAD = 4  # pixels of random shift, as He et al. 2016 for CIFAR
_HOLE = 12  # side of the square that is hidden, in pixels (DeVries and Taylor 2017, arXiv:1708.04552)
_NO_CLASS = -1  # a drawing has no class of the archive
_REPORT_EVERY = 100


def train(pictures: Pictures, classes: tuple[str, ...], recipe: Recipe, progress: Callable[[str], None]) -> keras.Model:
    """Train a vehicle network from random weights.

    The labels' logits compete with a third one that is fixed at zero and stands for "none of them" (outliers as in
    Hendrycks et al. 2019, arXiv:1812.04606). So log(sum(exp(logits))), the negative energy of Liu et al. 2020,
    becomes the log-odds of a picture being a vehicle at all, while the network keeps one output a label. A second head
    that names the archive's class of a photograph teaches features that few vehicles could not; it is dropped in the
    end.

    Parameters
    ----------
    pictures : Pictures
        The train part.
    classes : tuple of str
        The archive's classes.
    recipe : Recipe
    progress : callable
        Told what is going on, one line at a time.

    Returns
    -------
    keras.Model
        From pixels to one logit a label.
    """
    model = make_model(pictures.photographs.images.shape[1:], len(LABELS))
    archive_class = keras.layers.Dense(len(classes), name="archive_class")(model.get_layer("features").output)
    both = keras.Model(model.input, [model.output, archive_class])
    schedule: Any = _schedule(recipe)  # Keras' annotations say that a learning rate is a number
    optimizer = keras.optimizers.SGD(schedule, momentum=0.9, nesterov=True, weight_decay=recipe.weight_decay)
    optimizer.build(both.trainable_variables)
    step = _make_step(both, optimizer, recipe)
    for number, batch in enumerate(_batches(pictures, classes, recipe).take(recipe.steps), start=1):
        loss, right = step(*batch)
        if number % _REPORT_EVERY == 0 or number == recipe.steps:
            progress(f"step {number:,} of {recipe.steps:,}: loss {float(loss):.3f}, right {float(right):.1%}")
    return model


def _schedule(recipe: Recipe) -> keras.optimizers.schedules.LearningRateSchedule:
    warm_up = max(1, recipe.steps // 10)
    return keras.optimizers.schedules.CosineDecay(
        0.0, recipe.steps - warm_up, warmup_target=recipe.peak_learning_rate, warmup_steps=warm_up
    )


def _make_step(both: keras.Model, optimizer: keras.optimizers.Optimizer, recipe: Recipe) -> Callable:
    @tf.function(jit_compile=False)
    def step(pixels: tf.Tensor, target: tf.Tensor, archive_class: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        known = archive_class != _NO_CLASS
        with tf.GradientTape() as tape:
            logits, named = both(pixels, training=True)
            with_none = tf.pad(logits, [[0, 0], [0, 1]])
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(target, with_none))
            naming = tf.nn.sparse_softmax_cross_entropy_with_logits(archive_class[known], named[known])
            loss += recipe.auxiliary_weight * tf.reduce_mean(naming)
        optimizer.apply(tape.gradient(loss, both.trainable_variables))
        right = tf.reduce_mean(tf.cast(tf.argmax(with_none, 1) == target, tf.float32))
        return loss, right

    return step


def _batches(pictures: Pictures, classes: tuple[str, ...], recipe: Recipe) -> tf.data.Dataset:
    """Mix the four sources in fixed shares; rows are pixels, label (or one more for "none") and archive class."""
    none, shares = len(LABELS), recipe.batch
    own_class = np.array([classes.index(label) for label in LABELS])
    photographs, drawings = pictures.photographs, pictures.drawings
    outliers, drawn = pictures.photographed_outliers, pictures.drawn_outliers
    sources = (
        (photographs.images, photographs.labels, own_class[photographs.labels], shares.photographs),
        (drawings.images, drawings.labels, np.full_like(drawings.labels, _NO_CLASS), shares.drawings),
        (outliers.images, np.full_like(outliers.labels, none), outliers.labels, shares.photographed_outliers),
        (drawn.images, np.full_like(drawn.labels, none), np.full_like(drawn.labels, _NO_CLASS), shares.drawn_outliers),
    )
    streams = []
    for number, (images, targets, archive_classes, share) in enumerate(sources):
        stream = tf.data.Dataset.from_tensor_slices((images, targets, archive_classes))
        streams.append(stream.shuffle(len(images), seed=recipe.seed + number).repeat().batch(share))
    mixed = tf.data.Dataset.zip(*streams).map(lambda *parts: tuple(tf.concat(column, 0) for column in zip(*parts)))  # noqa: B905 - graph code
    rows = tf.data.Dataset.zip(mixed.unbatch(), tf.data.Dataset.random(seed=recipe.seed).batch(2))
    augmented = rows.map(_augment, num_parallel_calls=2, deterministic=True)
    return augmented.batch(sum(shares.model_dump().values()), drop_remainder=True).prefetch(2)


def _augment(row: tuple[tf.Tensor, ...], seed: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """Flip, shift, change the light and hide a part of one picture."""
    pixels, *targets = row
    shape = pixels.shape
    flip, shift, light, hide = tf.unstack(tf.random.split(seed, 4))
    pixels = tf.image.stateless_random_flip_left_right(pixels, flip)
    pixels = tf.pad(pixels, [[_PAD, _PAD], [_PAD, _PAD], [0, 0]], mode="REFLECT")
    pixels = tf.cast(tf.image.stateless_random_crop(pixels, shape, shift), tf.float32)
    factor, offset = tf.unstack(tf.random.stateless_uniform([2], light, -1, 1))
    pixels = (pixels - 128) * (1 + 0.25 * factor) + 128 + 24 * offset
    pixels = tf.where(_hole(shape, hide), 128.0, tf.clip_by_value(pixels, 0, 255))
    return pixels, *targets


def _hole(shape: tf.TensorShape, seed: tf.Tensor) -> tf.Tensor:
    """Mark a square whose middle is anywhere in the picture, in half of the pictures."""
    y, x, coin = tf.unstack(tf.random.stateless_uniform([3], seed))
    rows = tf.abs(tf.range(shape[0], dtype=tf.float32) - y * shape[0]) < _HOLE / 2
    columns = tf.abs(tf.range(shape[1], dtype=tf.float32) - x * shape[1]) < _HOLE / 2
    return (rows[:, tf.newaxis] & columns & (coin < 0.5))[..., tf.newaxis]
