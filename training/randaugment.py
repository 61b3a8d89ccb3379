"""RandAugment for a whole batch at a time, without state: the same seed changes the same pictures the same way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

_STRONGEST = 30  # of the magnitude, as in the paper
_GREY = 128.0
Change = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def randaugment(pixels: tf.Tensor, seed: tf.Tensor, operations: int, magnitude: int) -> tf.Tensor:
    """Apply some random operations of one strength to every picture (Cubuk et al. 2020, arXiv:1909.13719).

    All operations of moving and turning are one projection; those of light and colour are computed for the batch and
    chosen by picture. Equalize and sharpness of the paper's list are left out: each needs a histogram or a convolution
    a picture.

    Parameters
    ----------
    pixels : tf.Tensor of float32, shape (n, height, width, 3)
        0 to 255.
    seed : tf.Tensor, shape (2,)
    operations : int
        On each picture, one after the other.
    magnitude : int
        Strength, 0 to 30.

    Returns
    -------
    tf.Tensor of float32, shape (n, height, width, 3)
    """
    strength = magnitude / _STRONGEST
    for one in tf.unstack(tf.random.split(seed, operations)):
        choice, amount = tf.unstack(tf.random.split(one, 2))
        count = tf.shape(pixels)[0]
        chosen = tf.random.stateless_uniform(tf.stack([count]), choice, 0, _MOVES + len(_LIGHTS), tf.int32)
        sign = tf.where(tf.random.stateless_uniform(tf.stack([count]), amount) < 0.5, -1.0, 1.0) * strength
        pixels = _relight(_move(pixels, chosen, sign), chosen - _MOVES, sign)
    return pixels


# Shares of the side, and radians: the paper's ranges at full strength.
_SHEAR, _SHIFT, _TURN = 0.3, 0.3, np.pi / 6
_MOVES = 5  # shear and shift along x and y, and turn


def _move(pixels: tf.Tensor, chosen: tf.Tensor, strength: tf.Tensor) -> tf.Tensor:
    """Shear, shift or turn each picture by one projection; what comes in is grey."""
    shape: Any = pixels.shape  # the annotations say that any side may be unknown
    height, width = shape[1], shape[2]
    does = [tf.cast(chosen == number, tf.float32) * strength for number in range(_MOVES)]
    cosine, sine = tf.cos(does[4] * _TURN), tf.sin(does[4] * _TURN)
    # From a place in the result to its place in the source, about the middle of the picture.
    b, d = _SHEAR * does[0] - sine, _SHEAR * does[1] + sine
    x, y = (width - 1) / 2, (height - 1) / 2
    c = x + _SHIFT * width * does[2] - cosine * x - b * y
    f = y + _SHIFT * height * does[3] - d * x - cosine * y
    nothing = tf.zeros_like(strength)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=pixels,
        transforms=tf.stack([cosine, b, c, d, cosine, f, nothing, nothing], 1),
        output_shape=tf.constant([height, width]),
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
        fill_value=_GREY,
    )


def _relight(pixels: tf.Tensor, chosen: tf.Tensor, strength: tf.Tensor) -> tf.Tensor:
    amount = strength[:, tf.newaxis, tf.newaxis, tf.newaxis]
    changed = pixels
    for number, light in enumerate(_LIGHTS):
        mine = (chosen == number)[:, tf.newaxis, tf.newaxis, tf.newaxis]
        changed = tf.where(mine, light(pixels, amount), changed)
    return tf.clip_by_value(changed, 0, 255)


def _grey(pixels: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(pixels * tf.constant([0.299, 0.587, 0.114]), -1, keepdims=True)


def _stretch(pixels: tf.Tensor, _amount: tf.Tensor) -> tf.Tensor:
    """Autocontrast: the darkest value becomes 0, the brightest 255."""
    low, high = (reduce(pixels, [1, 2], keepdims=True) for reduce in (tf.reduce_min, tf.reduce_max))
    return (pixels - low) * 255 / tf.maximum(high - low, 1)


_LIGHTS: tuple[Change, ...] = (
    lambda p, _s: p,  # identity
    lambda p, s: p * (1 + 0.9 * s),  # brightness
    lambda p, s: tf.reduce_mean(_grey(p), [1, 2, 3], keepdims=True) * -0.9 * s + p * (1 + 0.9 * s),  # contrast
    lambda p, s: _grey(p) * -0.9 * s + p * (1 + 0.9 * s),  # colour
    lambda p, s: tf.where(p < 256 * (1 - tf.abs(s)), p, 255 - p),  # solarize
    lambda p, s: tf.floor(p / _levels(s)) * _levels(s),  # posterize
    _stretch,
)


def _levels(amount: tf.Tensor) -> tf.Tensor:
    """Width of posterize's steps: up to four of eight bits are lost."""
    return tf.pow(2.0, tf.round(4 * tf.abs(amount)))
