"""A training run made ready: what every strategy, in one process or many, is given to carry out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras  # pyright: ignore[reportMissingImports] - the training extra
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from training.data.parts import TrainingData
from training.data.pictures import NO_CLASS, Split
from training.lessons import Batch, Lesson, Source
from training.networks import make_model
from training.recipe import FineTuning, Recipe

EVALUATIONS = 10  # of each phase, evenly spread


@dataclass(frozen=True)
class Evaluation:
    """How good the network was at one moment.

    Attributes
    ----------
    lesson : str
    step : int
        Batches done in this lesson.
    seconds : float
        Since the run started, evaluations left out.
    loss : float
        Of the last training batch.
    accuracy : float
        Of the averaged weights on validation.
    """

    lesson: str
    step: int
    seconds: float
    loss: float
    accuracy: float


@dataclass(frozen=True)
class Course:
    """Lessons in order, and how to build, judge and save the network that takes them.

    Attributes
    ----------
    recipe : Recipe
    lessons : tuple of Lesson
    labels, classes : int
        Outputs of the network's heads.
    class_of_label : ndarray of int64, shape (labels,)
    validation : Split
    checkpoints : Path or None
        Folder to save to while it runs and to go on from; None saves nothing.
    weights : Path or None
        File to start a network of photographs from.
    progress : callable
        Told what is going on, one line at a time.
    evaluated : callable
        Told each `Evaluation`.
    """

    recipe: Recipe
    lessons: tuple[Lesson, ...]
    labels: int
    classes: int
    class_of_label: NDArray[np.int64]
    validation: Split
    checkpoints: Path | None
    weights: Path | None
    progress: Callable[[str], None]
    evaluated: Callable[[Evaluation], None]

    def make_model(self) -> keras.Model:
        """Build the network; the seed of the run decides its weights."""
        keras.utils.set_random_seed(self.recipe.seed)
        return make_model(self.recipe, self.labels, self.classes, self.weights)

    def accuracy(self, model: keras.Model, lesson: Lesson) -> float:
        """Measure on the validation photographs what a lesson teaches: their labels, or first their classes.

        Parameters
        ----------
        model : keras.Model
            As `make_model` builds it.
        lesson : Lesson

        Returns
        -------
        float
            0 to 1.
        """
        pictures, truth = self.validation.images, self.validation.labels
        head, truth = (0, truth) if lesson.weights[0] else (1, self.class_of_label[truth])
        network: Any = model  # Keras' annotations say that verbose is a text
        answers = network.predict(pictures.astype(np.float32), batch_size=256, verbose=0)
        logits = answers[head] if self.classes else answers
        return float((logits.argmax(1) == truth).mean())


def prepare_course(
    data: TrainingData,
    recipe: Recipe,
    progress: Callable[[str], None],
    evaluated: Callable[[Evaluation], None] = lambda _evaluation: None,
    checkpoints: Path | None = None,
    weights: Path | None = None,
) -> Course:
    """Turn data and a recipe into lessons.

    The labels' logits compete with one more that is fixed at zero and stands for "none of them" (outliers as in
    Hendrycks et al. 2019, arXiv:1812.04606). So log(sum(exp(logits))), the negative energy of Liu et al. 2020,
    becomes the log-odds of a picture having a label at all, while the network keeps one output a label. A second head
    that names the class of a photograph teaches features that few labelled pictures could not: pretraining trains it
    alone, fine-tuning both. It is dropped in the end. Data without outliers has neither.

    Parameters
    ----------
    data : TrainingData
        Its train part, labels and classes are used; of validation the photographs, to judge by.
    recipe : Recipe
    progress, evaluated, checkpoints, weights
        See `Course`.

    Returns
    -------
    Course
    """
    own_class = np.array([data.classes.index(label) for label in data.labels])
    strange = len(data.train.photographed_outliers.labels) + len(data.train.drawn_outliers.labels) > 0
    classes = len(data.classes) if len(data.train.photographed_outliers.labels) else 0
    outputs, tuning = (len(data.labels) + strange, classes), recipe.fine_tuning

    lessons = []
    if recipe.pretraining and classes:
        heap = _all_photographs(data, own_class, recipe.pretraining.batch)
        lessons.append(
            Lesson("pretraining", recipe.pretraining, (heap,), outputs, (0.0, 1.0), recipe.augmentation, recipe.seed)
        )
    sources, weight = _fixed_shares(data, own_class, tuning), tuning.auxiliary_weight if classes else 0.0
    lessons.append(Lesson("fine-tuning", tuning, sources, outputs, (1.0, weight), recipe.augmentation, recipe.seed + 1))
    validation = data.validation.photographs
    heads = (len(data.labels), classes, own_class)
    return Course(recipe, tuple(lessons), *heads, validation, checkpoints, weights, progress, evaluated)


def loss_of(lesson: Lesson, answers: list[tf.Tensor] | tf.Tensor, targets: Batch) -> tf.Tensor:
    """Measure how wrong answers are, as the mean over a batch.

    Parameters
    ----------
    lesson : Lesson
        Its weights of the heads.
    answers : list of tf.Tensor, shape (n, outputs)
        Logits of each head.
    targets : tuple of tf.Tensor, shape (n, outputs)
        Distributions.

    Returns
    -------
    tf.Tensor, scalar
    """
    heads = answers if isinstance(answers, list) else [answers]
    logits, target = heads[0], targets[0]
    if target.shape[1] != logits.shape[1]:
        logits = tf.pad(logits, [[0, 0], [0, 1]])  # "none of them"
    loss = lesson.weights[0] * tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(target, logits))
    if len(heads) > 1:
        # The target of a drawing is all zeros, so that it adds nothing.
        naming = tf.reduce_sum(tf.nn.softmax_cross_entropy_with_logits(targets[1], heads[1]))
        loss += lesson.weights[1] * naming / tf.maximum(tf.reduce_sum(targets[1]), 1.0)
    return loss


def gradients_of(
    lesson: Lesson, model: keras.Model, pixels: tf.Tensor, targets: Batch, share: float = 1.0
) -> tuple[tf.Tensor, list[Any]]:
    """Measure how wrong a network is on pictures, and how each of its weights changes that.

    Parameters
    ----------
    lesson : Lesson
    model : keras.Model
    pixels : tf.Tensor, shape (n, height, width, 3)
        0 to 255.
    targets : tuple of tf.Tensor, shape (n, outputs)
        Distributions.
    share : float
        Of the whole batch that these are; the shares' gradients sum to those of the mean over it.

    Returns
    -------
    tf.Tensor, scalar
        The loss, times the share.
    list of tf.Tensor
        One gradient a trainable variable; zeros for a head that the lesson leaves alone.
    """
    with tf.GradientTape() as tape:
        loss = share * loss_of(lesson, model(pixels, training=True), targets)
    zero = tf.UnconnectedGradients.ZERO
    return loss, tape.gradient(loss, model.trainable_variables, unconnected_gradients=zero)


def _all_photographs(data: TrainingData, own_class: NDArray[np.int64], rows: int) -> Source:
    """Put all photographs on one heap: each counts once."""
    known, outliers = data.train.photographs, data.train.photographed_outliers
    images = np.concatenate([known.images, outliers.images])
    names = np.concatenate([own_class[known.labels], outliers.labels])
    labels = np.concatenate([known.labels, np.full_like(outliers.labels, len(own_class))])
    return Source(images, labels, names, rows)


def _fixed_shares(data: TrainingData, own_class: NDArray[np.int64], tuning: FineTuning) -> tuple[Source, ...]:
    shares, train, none = tuning.batch, data.train, len(own_class)

    def drawn(split: Split, labels: NDArray[np.int64], rows: int) -> Source:
        return Source(split.images, labels, np.full_like(labels, NO_CLASS), rows)

    known, outliers = train.photographs, train.photographed_outliers
    sources = (
        Source(known.images, known.labels, own_class[known.labels], shares.photographs),
        drawn(train.drawings, train.drawings.labels, shares.drawings),
        Source(outliers.images, np.full_like(outliers.labels, none), outliers.labels, shares.photographed_outliers),
        drawn(train.drawn_outliers, np.full_like(train.drawn_outliers.labels, none), shares.drawn_outliers),
    )
    return tuple(source for source in sources if source.rows and len(source.labels))
