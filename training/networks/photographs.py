"""Networks for photographs, from Keras applications."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import keras  # pyright: ignore[reportMissingImports] - the training extra
from keras import applications, layers  # pyright: ignore[reportMissingImports] - the training extra

from signpost.errors import DatasetError
from training.recipe import Photographic

# Each takes pixels 0 to 255 once its own scaling is inside.
_NETWORKS: dict[str, Any] = {
    "mobilenet-v3": applications.MobileNetV3Small,
    "efficientnet-v2": applications.EfficientNetV2B0,
    "resnet-50": applications.ResNet50V2,
    "resnet-101": applications.ResNet101V2,
}
_SCALES_ITSELF = ("mobilenet-v3", "efficientnet-v2")
IMAGENET = Path("imagenet")  # instead of a file: the weights that Keras offers for download


def photograph_features(
    pixels: keras.KerasTensor, network: Photographic, weights: Path | None = None
) -> keras.KerasTensor:
    """Turn pixels into features.

    Parameters
    ----------
    pixels : keras.KerasTensor, shape (n, height, width, 3)
        RGB, 0 to 255.
    network : Photographic
    weights : Path or None
        Weights file of Keras applications without the top, for instance of ImageNet; None starts from random weights.

    Returns
    -------
    keras.KerasTensor, shape (n, features)

    Raises
    ------
    DatasetError
        If the file doesn't hold weights of this network.
    """
    scaling = {"include_preprocessing": True} if network.kind in _SCALES_ITSELF else {}
    backbone = _NETWORKS[network.kind](include_top=False, weights=None, input_shape=tuple(pixels.shape[1:]), **scaling)
    if weights is not None:
        _load(backbone, weights, network.kind)
    x = pixels if scaling else layers.Rescaling(1 / 127.5, offset=-1.0, name="scale")(pixels)
    x = layers.GlobalAveragePooling2D(name="pooled")(backbone(x))
    return layers.Dropout(network.dropout, name="features")(x)


def imagenet_weights(kind: str, folder: Path) -> Path:
    """Download ImageNet's weights, as far as they can be reached.

    Parameters
    ----------
    kind : str
        Of the network.
    folder : Path
        Where the file goes; Keras keeps the download itself under ``~/.keras``.

    Returns
    -------
    Path
        For `photograph_features`.

    Raises
    ------
    DatasetError
        If they can't be reached.
    """
    try:
        backbone = _NETWORKS[kind](include_top=False, weights="imagenet", input_shape=(224, 224, 3))
    except Exception as error:  # Keras raises nothing more exact for a failed download
        raise DatasetError(f"ImageNet's weights of {kind} can't be reached: {error}") from error
    file = folder / f"{kind}.weights.h5"
    backbone.save_weights(file)
    return file


def _load(backbone: keras.Model, weights: Path, kind: str) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Keras only warns of layers that a file doesn't have
            backbone.load_weights(weights)
    except (OSError, ValueError, KeyError, UserWarning) as error:
        raise DatasetError(f"{weights} does not hold weights of {kind} without its top: {error}") from error
