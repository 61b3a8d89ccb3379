"""A small residual network for small pictures."""

from __future__ import annotations

import keras  # pyright: ignore[reportMissingImports] - the training extra
from keras import layers  # pyright: ignore[reportMissingImports] - the training extra

from training.recipe import Residual

_MOMENTUM = 0.9  # of batch norm: runs are short, so its averages must follow quickly


def residual_features(pixels: keras.KerasTensor, network: Residual) -> keras.KerasTensor:
    """Turn pixels into features with pre-activation blocks (He et al. 2016, arXiv:1603.05027).

    The widths make it a wide residual network (Zagoruyko and Komodakis 2016, arXiv:1605.07146): few wide layers train
    several times as many pictures a second on a processor as many narrow ones.

    Parameters
    ----------
    pixels : keras.KerasTensor, shape (n, height, width, 3)
        RGB, 0 to 255.
    network : Residual

    Returns
    -------
    keras.KerasTensor, shape (n, features)
    """
    x = layers.Rescaling(1 / 64, offset=-2.0, name="scale")(pixels)  # to about unit variance
    x = _convolve(x, network.widths[0], network.stem_stride)
    for stage, width in enumerate(network.widths):
        for block in range(network.blocks):
            x = _residual(x, width, stride=2 if stage and not block else 1)
    x = _activate(x)
    return layers.GlobalAveragePooling2D(name="features")(x)


def _residual(x: keras.KerasTensor, width: int, stride: int) -> keras.KerasTensor:
    activated = _activate(x)
    changed = stride > 1 or x.shape[-1] != width
    shortcut = _convolve(activated, width, stride, side=1) if changed else x
    y = _convolve(activated, width, stride)
    y = _convolve(_activate(y), width)
    return layers.Add()([y, shortcut])


def _activate(x: keras.KerasTensor) -> keras.KerasTensor:
    return layers.ReLU()(layers.BatchNormalization(momentum=_MOMENTUM)(x))


def _convolve(x: keras.KerasTensor, width: int, stride: int = 1, side: int = 3) -> keras.KerasTensor:
    return layers.Conv2D(width, side, stride, padding="same", use_bias=False, kernel_initializer="he_normal")(x)
