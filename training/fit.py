"""Teaches a network: first every class there is, then its labels, with outliers that belong to none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras  # pyright: ignore[reportMissingImports] - the training extra
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from training.augment import augment, mix
from training.data.cifar import Split
from training.data.parts import Pictures, TrainingData
from training.networks import make_model
from training.recipe import BatchShares, Phase, Recipe

_NO_CLASS = -1  # a drawing has no class of the archive
_REPORT_EVERY = 250
Source = tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64], int]


def train(data: TrainingData, recipe: Recipe, progress: Callable[[str], None]) -> keras.Model:
    """Train a network from random weights.

    The labels' logits compete with one more that is fixed at zero and stands for "none of them" (outliers as in
    Hendrycks et al. 2019, arXiv:1812.04606). So log(sum(exp(logits))), the negative energy of Liu et al. 2020,
    becomes the log-odds of a picture having a label at all, while the network keeps one output a label. A second head
    that names the class of a photograph teaches features that few labelled pictures could not: pretraining trains it
    alone, fine-tuning both. It is dropped in the end.

    Parameters
    ----------
    data : TrainingData
        Its train part, labels and classes are used.
    recipe : Recipe
    progress : callable
        Told what is going on, one line at a time.

    Returns
    -------
    keras.Model
        From pixels to one logit a label.
    """
    model = make_model(data.train.photographs.images.shape[1:], len(data.labels), recipe.widths)
    named = keras.layers.Dense(len(data.classes), name="class")(model.get_layer("features").output)
    both = keras.Model(model.input, [model.output, named])
    own_class = np.array([data.classes.index(label) for label in data.labels])
    sizes = (len(data.labels) + 1, len(data.classes))
    pretraining, fine_tuning = recipe.pretraining, recipe.fine_tuning

    def fit(name: str, phase: Phase, sources: list[Source], weights: tuple[float, float]) -> None:
        batches = _batches(sources, sizes, phase, recipe)
        _fit(both, batches, weights, phase, recipe, lambda line: progress(f"{name}, {line}"))

    fit("pretraining", pretraining, _all_photographs(data.train, own_class, pretraining.batch), (0.0, 1.0))
    sources = _fixed_shares(data.train, own_class, fine_tuning.batch)
    fit("fine-tuning", fine_tuning, sources, (1.0, fine_tuning.auxiliary_weight))
    return model


def _fit(
    both: keras.Model,
    batches: tf.data.Dataset,
    weights: tuple[float, float],
    phase: Phase,
    recipe: Recipe,
    progress: Callable[[str], None],
) -> None:
    warm_up = max(1, phase.steps // 10)
    schedule: Any = keras.optimizers.schedules.CosineDecay(  # Keras' annotations say that a learning rate is a number
        0.0, max(1, phase.steps - warm_up), warmup_target=phase.peak_learning_rate, warmup_steps=warm_up
    )
    optimizer = keras.optimizers.SGD(
        schedule, momentum=0.9, nesterov=True, weight_decay=recipe.weight_decay, use_ema=True, ema_momentum=recipe.ema
    )
    optimizer.build(both.trainable_variables)
    step = _make_step(both, optimizer, weights)
    for number, batch in enumerate(batches.take(phase.steps), start=1):
        loss = step(*batch)
        if number % _REPORT_EVERY == 0 or number == phase.steps:
            progress(f"step {number:,} of {phase.steps:,}: loss {float(loss):.3f}")
    optimizer.finalize_variable_values(both.trainable_variables)


def _make_step(
    both: keras.Model, optimizer: keras.optimizers.Optimizer, weights: tuple[float, float]
) -> Callable[..., tf.Tensor]:
    @tf.function(jit_compile=False)
    def step(pixels: tf.Tensor, label: tf.Tensor, name: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            logits, named = both(pixels, training=True)
            with_none = tf.pad(logits, [[0, 0], [0, 1]])
            loss = weights[0] * tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(label, with_none))
            # The target of a drawing is all zeros, so that it adds nothing.
            naming = tf.reduce_sum(tf.nn.softmax_cross_entropy_with_logits(name, named))
            loss += weights[1] * naming / tf.maximum(tf.reduce_sum(name), 1.0)
        optimizer.apply(tape.gradient(loss, both.trainable_variables), both.trainable_variables)
        return loss

    return step


def _all_photographs(pictures: Pictures, own_class: NDArray[np.int64], batch: int) -> list[Source]:
    """Put all photographs on one heap: each counts once."""
    known, outliers = pictures.photographs, pictures.photographed_outliers
    images = np.concatenate([known.images, outliers.images])
    names = np.concatenate([own_class[known.labels], outliers.labels])
    labels = np.concatenate([known.labels, np.full_like(outliers.labels, len(own_class))])
    return [(images, labels, names, batch)]


def _fixed_shares(pictures: Pictures, own_class: NDArray[np.int64], shares: BatchShares) -> list[Source]:
    known, outliers = pictures.photographs, pictures.photographed_outliers

    def drawn(split: Split, labels: NDArray[np.int64], share: int) -> Source:
        return split.images, labels, np.full_like(labels, _NO_CLASS), share

    none = len(own_class)
    sources = [
        (known.images, known.labels, own_class[known.labels], shares.photographs),
        drawn(pictures.drawings, pictures.drawings.labels, shares.drawings),
        (outliers.images, np.full_like(outliers.labels, none), outliers.labels, shares.photographed_outliers),
        drawn(pictures.drawn_outliers, np.full_like(pictures.drawn_outliers.labels, none), shares.drawn_outliers),
    ]
    return [source for source in sources if source[-1]]


def _batches(sources: list[Source], sizes: tuple[int, int], phase: Phase, recipe: Recipe) -> tf.data.Dataset:
    """Mix sources in fixed shares; a batch is pixels and the targets of both heads."""
    streams = []
    for number, (images, labels, names, share) in enumerate(sources):
        stream = tf.data.Dataset.from_tensor_slices((images, labels, names))
        streams.append(stream.shuffle(len(images), seed=recipe.seed + number).repeat().batch(share))
    seeds = tf.data.Dataset.random(seed=recipe.seed).batch(2)

    def change(parts: tuple[tuple[tf.Tensor, ...], ...], seed: tf.Tensor) -> tuple[tf.Tensor, ...]:
        pixels, labels, names = (tf.concat(column, 0) for column in zip(*parts, strict=True))
        one, other = tf.unstack(tf.random.split(seed, 2))
        pixels = augment(pixels, one, recipe.augmentation)
        targets = (_smooth(labels, sizes[0], phase), _smooth(names, sizes[1], phase))
        pixels, targets = mix(pixels, targets, other, phase.mix)
        return pixels, *targets

    mixed = tf.data.Dataset.zip(tuple(streams))
    return tf.data.Dataset.zip(mixed, seeds).map(change, num_parallel_calls=2, deterministic=True).prefetch(2)


def _smooth(classes: tf.Tensor, count: int, phase: Phase) -> tf.Tensor:
    """Turn class numbers into probabilities; no class gives zeros."""
    smooth = phase.label_smoothing
    known = tf.cast(classes != _NO_CLASS, tf.float32)[:, tf.newaxis]
    return tf.one_hot(classes, count) * (1 - smooth) + known * smooth / count
