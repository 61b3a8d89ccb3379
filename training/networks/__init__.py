"""Networks: from pixels to features, and the heads on top."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras  # pyright: ignore[reportMissingImports] - the training extra

from training.networks.photographs import photograph_features
from training.networks.residual import residual_features
from training.recipe import Recipe, Residual


def make_model(recipe: Recipe, labels: int, classes: int, weights: Path | None = None) -> keras.Model:
    """Build the network that training teaches.

    Parameters
    ----------
    recipe : Recipe
        Its network and the size of its pictures.
    labels : int
        Number of labels.
    classes : int
        Number of classes that the second head names; 0 leaves that head away.
    weights : Path or None
        For networks of photographs, see `training.networks.photographs`.

    Returns
    -------
    keras.Model
        From RGB pixels 0 to 255 to logits, of the labels and, with a second head, of the classes. The scaling is
        inside, augmentation is not.
    """
    pixels: Any = keras.Input((recipe.data.height, recipe.data.width, 3), name="pixels")
    if isinstance(recipe.network, Residual):
        features = residual_features(pixels, recipe.network)
    else:
        features = photograph_features(pixels, recipe.network, weights)
    heads = [keras.layers.Dense(labels, name="logits", dtype="float32")(features)]
    if classes:
        heads.append(keras.layers.Dense(classes, name="class", dtype="float32")(features))
    return keras.Model(pixels, heads, name=recipe.network.kind)


def inference_model(trained: keras.Model, recipe: Recipe, labels: int, classes: int) -> keras.Model:
    """Give the network that ships: full precision, one head, and the mirror image's answer where the recipe says so.

    Parameters
    ----------
    trained : keras.Model
        As `make_model` built it, whatever its precision.
    recipe : Recipe
    labels, classes : int
        As it was built.

    Returns
    -------
    keras.Model
        From pixels to one logit a label.
    """
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        model = make_model(recipe, labels, classes)
        model.set_weights(trained.get_weights())
        network = keras.Model(model.input, model.get_layer("logits").output, name=recipe.network.kind)
        if not recipe.mirrored_mean:
            return network
        pixels: Any = keras.Input((recipe.data.height, recipe.data.width, 3), name="pixels")
        both = [network(pixels), network(keras.ops.flip(pixels, axis=2))]
        return keras.Model(pixels, keras.layers.Average(name="mean")(both), name=f"{network.name}-mirrored")
    finally:
        keras.config.set_dtype_policy(policy)
