"""Augmentation on pictures whose pixels say where they come from."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="training needs TensorFlow, an extra of its own: requirements/training.txt")

import tensorflow as tf

from training.augment import augment, mix
from training.randaugment import randaugment
from training.recipe import Augmentation

SEED = tf.constant([1, 2], tf.int64)
PLAIN = Augmentation(shift=0, hole=0, contrast=0, brightness=0)


def _pictures(count: int = 64) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 32, 32, 3), np.uint8)


def _constant(count: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Pictures whose every pixel is their number, and one class each."""
    numbers = np.arange(count, dtype=np.float32)
    return tf.constant(np.broadcast_to(numbers[:, None, None, None], (count, 32, 32, 3))), tf.eye(count)


def test_a_picture_is_mirrored_or_left_as_it_is():
    pictures = _pictures()
    changed = augment(tf.constant(pictures), SEED, PLAIN).numpy()

    same = (changed == pictures).all((1, 2, 3))
    mirrored = (changed == pictures[:, :, ::-1]).all((1, 2, 3))
    assert (same ^ mirrored).all()
    assert 10 < mirrored.sum() < 54


def test_the_seed_decides_and_values_stay_pixels():
    pictures = tf.constant(_pictures())
    first, again, other = (augment(pictures, seed, Augmentation()).numpy() for seed in (SEED, SEED, SEED + 1))

    assert (first == again).all()
    assert (first != other).any((1, 2, 3)).all()
    assert first.min() >= 0
    assert first.max() <= 255


def test_about_half_of_the_pictures_have_a_hidden_square_of_the_size_asked_for():
    white = tf.fill([256, 32, 32, 3], tf.constant(255, tf.uint8))
    hidden = (augment(white, SEED, PLAIN.model_copy(update={"hole": 12})).numpy() == 128).all(-1).sum((1, 2))

    assert 96 < (hidden > 0).sum() < 160
    assert hidden.max() == 144


def test_no_batch_is_mixed_where_none_shall_be():
    pixels, classes = _constant(16)
    found, (targets,) = mix(pixels, (classes,), SEED, 0.0)

    assert (found.numpy() == pixels.numpy()).all()
    assert (targets.numpy() == classes.numpy()).all()


@pytest.mark.parametrize("seed", range(6))
def test_a_target_holds_each_picture_by_its_share_of_the_pixels(seed: int):
    pixels, classes = _constant(16)
    found, (targets,) = mix(pixels, (classes,), tf.constant([seed, 3], tf.int64), 1.0)

    assert targets.numpy().sum(1) == pytest.approx(np.ones(16), abs=1e-5)
    # A picture's pixels are its number, so the mean of the mixed pixels is the mean number by the targets.
    assert found.numpy().mean((1, 2, 3)) == pytest.approx(targets.numpy() @ np.arange(16), abs=1e-3)


def test_randaugment_at_no_strength_leaves_pictures_as_they_are_but_for_their_contrast():
    pictures = tf.cast(_pictures(), tf.float32)

    changed = randaugment(pictures, SEED, 1, 0).numpy()

    # One of its twelve operations, autocontrast, has no strength: noise that spans 0 to 255 stays the same under it.
    assert np.abs(changed - pictures.numpy()).max() < 0.01


def test_randaugment_changes_most_pictures_by_the_seed():
    pictures = tf.cast(_pictures(), tf.float32)
    first, again, other = (randaugment(pictures, seed, 2, 9).numpy() for seed in (SEED, SEED, SEED + 1))

    assert (first == again).all()
    assert (first != other).any((1, 2, 3)).sum() > 48
    assert first.min() >= 0
    assert first.max() <= 255


def test_no_mirror_where_left_and_right_mean_something():
    pictures = _pictures()
    settings = PLAIN.model_copy(update={"mirror": False})

    assert (augment(tf.constant(pictures), SEED, settings).numpy() == pictures).all()
