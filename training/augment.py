"""Changes training pictures at random, a batch at a time: many small operations for one picture would cost more."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from training.randaugment import randaugment
from training.recipe import Augmentation

Row = tuple[tf.Tensor, ...]


def augment(pixels: tf.Tensor, seed: tf.Tensor, settings: Augmentation) -> tf.Tensor:
    """Mirror, shift, change by RandAugment, change the light of and hide a part of every picture.

    Parameters
    ----------
    pixels : tf.Tensor of uint8, shape (n, height, width, 3)
    seed : tf.Tensor of int64, shape (2,)
        The same seed changes the same pictures the same way.
    settings : Augmentation

    Returns
    -------
    tf.Tensor of float32, shape (n, height, width, 3)
        Values 0 to 255.
    """
    mirror, shift, light, change, hide = tf.unstack(tf.random.split(seed, 5))
    count, height, width = _size(pixels)
    if settings.mirror:
        coin = tf.random.stateless_uniform(tf.stack([count, 1, 1, 1]), mirror) < 0.5
        pixels = tf.where(coin, tf.reverse(pixels, [2]), pixels)
    pixels = tf.cast(_shift(pixels, settings.shift, shift), tf.float32)
    if settings.operations:
        pixels = randaugment(pixels, change, settings.operations, settings.magnitude)
    factor, offset = tf.unstack(tf.random.stateless_uniform(tf.stack([2, count, 1, 1, 1]), light, -1, 1))
    pixels = (pixels - 128) * (1 + settings.contrast * factor) + 128 + settings.brightness * offset
    square = _squares(count, (height, width), settings.hole / 2, hide)
    return tf.where(square, 128.0, tf.clip_by_value(pixels, 0, 255))


def mix(pixels: tf.Tensor, targets: Row, seed: tf.Tensor, share: float) -> tuple[tf.Tensor, Row]:
    """Blend the pictures of a batch with each other, or paste parts of one into another, and their targets alike.

    MixUp (Zhang et al. 2018, arXiv:1710.09412) and CutMix (Yun et al. 2019, arXiv:1905.04899) take turns by chance.

    Parameters
    ----------
    pixels : tf.Tensor of float32, shape (n, height, width, 3)
    targets : tuple of tf.Tensor of float32, shape (n, classes)
        Probabilities.
    seed : tf.Tensor of int64, shape (2,)
    share : float
        Share of the batches that are mixed.

    Returns
    -------
    pixels, targets
        Of the shapes that went in.
    """
    order, amounts, places, coins = tf.unstack(tf.random.split(seed, 4))
    count, height, width = _size(pixels)
    partner = tf.argsort(tf.random.stateless_uniform(tf.stack([count]), order))
    mixed, cut = tf.unstack(tf.random.stateless_uniform([2], coins))
    other = tf.random.stateless_uniform(tf.stack([count]), amounts) * tf.cast(mixed < share, tf.float32)
    side = tf.sqrt(other)[:, tf.newaxis]
    middle = tf.random.stateless_uniform(tf.stack([2, count, 1]), places)
    rows = _near(height, middle[0], side * height / 2)[:, :, tf.newaxis]
    columns = _near(width, middle[1], side * width / 2)[:, tf.newaxis, :]
    pasted = tf.cast(tf.expand_dims(rows & columns, -1), tf.float32)
    weight = tf.where(cut < 0.5, pasted, tf.ones_like(pasted) * other[:, tf.newaxis, tf.newaxis, tf.newaxis])
    part = tf.reduce_mean(weight, [1, 2])  # a pasted square may lie partly outside

    def blend(target: tf.Tensor) -> tf.Tensor:
        return target + part * (tf.gather(target, partner) - target)

    return pixels + weight * (tf.gather(pixels, partner) - pixels), tuple(blend(target) for target in targets)


def _size(pixels: tf.Tensor) -> tuple[tf.Tensor, int, int]:
    shape: Any = pixels.shape  # the annotations say that any side may be unknown
    return tf.shape(pixels)[0], shape[1], shape[2]


def _shift(pixels: tf.Tensor, most: int, seed: tf.Tensor) -> tf.Tensor:
    """Move each picture by up to so many pixels; what comes in mirrors the edge."""
    count, height, width = _size(pixels)
    padded = tf.pad(pixels, [[0, 0], [most, most], [most, most], [0, 0]], mode="REFLECT")
    start = tf.random.stateless_uniform(tf.stack([2, count, 1]), seed, 0, 2 * most + 1, tf.int32)
    moved = tf.gather(padded, start[0] + tf.range(height), axis=1, batch_dims=1)
    return tf.gather(moved, start[1] + tf.range(width), axis=2, batch_dims=1)


def _squares(count: tf.Tensor, shape: tuple[int, int], radius: float, seed: tf.Tensor) -> tf.Tensor:
    """Mark a square whose middle is anywhere in the picture, in half of the pictures (DeVries, Taylor 2017)."""
    drawn = tf.random.stateless_uniform(tf.stack([3, count, 1]), seed)
    rows = _near(shape[0], drawn[0], radius) & (drawn[2] < 0.5)
    columns = _near(shape[1], drawn[1], radius)
    return tf.expand_dims(rows[:, :, tf.newaxis] & columns[:, tf.newaxis, :], -1)


def _near(length: int, middle: tf.Tensor, radius: tf.Tensor | float) -> tf.Tensor:
    return tf.abs(tf.range(length, dtype=tf.float32) + 0.5 - middle * length) < radius
