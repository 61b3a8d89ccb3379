"""The optimiser of a lesson and the averaged weights that it keeps."""

from __future__ import annotations

from typing import Any

import keras  # pyright: ignore[reportMissingImports] - the training extra
import numpy as np
from numpy.typing import NDArray

from training.lessons import Lesson
from training.recipe import Recipe

# A fresh head on taught features can make a lesson's first gradients so steep that the run never recovers.
_LONGEST_GRADIENT = 2.0


def make_optimizer(lesson: Lesson, recipe: Recipe) -> keras.optimizers.Optimizer:
    """Make the optimiser: a tenth of the steps to warm up, a cosine down to zero, a running mean of the weights.

    Parameters
    ----------
    lesson : Lesson
    recipe : Recipe

    Returns
    -------
    keras.optimizers.Optimizer
    """
    phase = lesson.phase
    warm_up = max(1, phase.steps // 10)
    schedule: Any = keras.optimizers.schedules.CosineDecay(  # Keras' annotations say that a learning rate is a number
        0.0, max(1, phase.steps - warm_up), warmup_target=phase.peak_learning_rate, warmup_steps=warm_up
    )
    more: dict[str, Any] = {"weight_decay": recipe.weight_decay, "use_ema": True, "ema_momentum": recipe.ema}
    more["global_clipnorm"] = _LONGEST_GRADIENT
    if recipe.optimizer == "adamw":
        return keras.optimizers.AdamW(schedule, **more)
    return keras.optimizers.SGD(schedule, momentum=0.9, nesterov=True, **more)


def averaged_weights(model: keras.Model, optimizer: keras.optimizers.Optimizer) -> list[NDArray[np.float32]]:
    """Give the model's weights with the running mean of those that are trained.

    Parameters
    ----------
    model : keras.Model
    optimizer : keras.optimizers.Optimizer
        Built on the model's trainable variables.

    Returns
    -------
    list of ndarray
        In the order of ``model.get_weights()``.
    """
    inner: Any = optimizer
    means = zip(model.trainable_variables, inner._model_variables_moving_average, strict=True)
    mean_of = {variable.path: mean for variable, mean in means}
    return [np.asarray(mean_of.get(variable.path, variable)) for variable in model.weights]
