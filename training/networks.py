"""Networks."""

from __future__ import annotations

import keras  # pyright: ignore[reportMissingImports] - the training extra
from keras import layers  # pyright: ignore[reportMissingImports] - the training extra

_STEM = 32


def make_model(input_shape: tuple[int, int, int], num_classes: int, widths: tuple[int, ...]) -> keras.Model:
    """Build a small residual network for 32 × 32 pixels (He et al. 2016, arXiv:1512.03385, section 4.2).

    Each residual block halves the picture. One block at a size, and none at full size, trains several times as many
    pictures a second on a processor as a deeper and narrower network of the same accuracy.

    Parameters
    ----------
    input_shape : tuple of int
        Height, width and 3.
    num_classes : int
        Number of outputs.
    widths : tuple of int
        Channels of each residual block.

    Returns
    -------
    keras.Model
        From RGB pixels 0 to 255 to logits; the scaling is inside, augmentation is not. The layer ``features`` gives
        what the logits are made of.
    """
    inputs = keras.Input(input_shape, name="pixels")
    x = layers.Rescaling(1 / 64, offset=-2.0, name="scale")(inputs)  # to about unit variance
    x = _convolve(x, _STEM)
    for width in widths:
        x = _residual(x, width)
    x = layers.GlobalAveragePooling2D(name="features")(x)
    return keras.Model(inputs, layers.Dense(num_classes, name="logits")(x), name="residual")


def _residual(x: keras.KerasTensor, width: int) -> keras.KerasTensor:
    shortcut = layers.AveragePooling2D(2)(x)
    shortcut = layers.Conv2D(width, 1, use_bias=False)(shortcut)
    shortcut = layers.BatchNormalization(momentum=0.9)(shortcut)
    x = _convolve(x, width, stride=2)
    x = _convolve(x, width, activate=False)
    return layers.ReLU()(layers.Add()([x, shortcut]))


def _convolve(x: keras.KerasTensor, width: int, stride: int = 1, activate: bool = True) -> keras.KerasTensor:
    x = layers.Conv2D(width, 3, stride, padding="same", use_bias=False, kernel_initializer="he_normal")(x)
    x = layers.BatchNormalization(momentum=0.9)(x)
    return layers.ReLU()(x) if activate else x
