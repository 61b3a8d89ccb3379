"""Networks and the lessons that they take."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="training needs TensorFlow, an extra of its own: requirements/training.txt")

import keras
import tensorflow as tf

from signpost.errors import DatasetError
from training.lessons import Lesson, Source
from training.networks import inference_model, make_model
from training.networks.photographs import imagenet_weights
from training.recipe import Augmentation, FineTuning, Photographic, Recipe, load_recipe

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
PLAIN = Augmentation(mirror=False, shift=0, hole=0, contrast=0, brightness=0)


def _photographs(kind: str) -> Recipe:
    recipe = load_recipe("ants-bees")
    data = recipe.data.model_copy(update={"width": 64, "height": 64})
    return recipe.model_copy(update={"data": data, "network": Photographic(kind=kind)})


@pytest.mark.parametrize("kind", ["mobilenet-v3", "efficientnet-v2", "resnet-50", "resnet-101"])
def test_every_network_of_photographs_gives_a_logit_a_label(kind: str):
    model = make_model(_photographs(kind), 2, 0)

    assert model(np.zeros((1, 64, 64, 3), np.float32)).shape == (1, 2)


def test_a_network_of_photographs_starts_from_a_file_of_weights(tmp_path: Path):
    # GIVEN the file that Keras applications offers for download: weights without the top
    backbone = keras.applications.MobileNetV3Small(include_top=False, weights=None, input_shape=(64, 64, 3))
    file = tmp_path / "mobilenet.weights.h5"
    backbone.save_weights(file)

    model = make_model(_photographs("mobilenet-v3"), 2, 0, file)

    started = model.get_layer(backbone.name).get_weights()
    assert all(np.array_equal(one, other) for one, other in zip(started, backbone.get_weights(), strict=True))


def test_weights_of_another_network_are_refused(tmp_path: Path):
    file = tmp_path / "other.weights.h5"
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]).save_weights(file)

    with pytest.raises(DatasetError, match="does not hold weights of mobilenet-v3"):
        make_model(_photographs("mobilenet-v3"), 2, 0, file)


def test_a_picture_and_its_mirror_image_get_the_same_answer_where_the_recipe_says_so():
    recipe = load_recipe("vehicle")
    model = inference_model(make_model(recipe, 2, 5), recipe, 2, 5)
    picture = np.random.default_rng(0).integers(0, 256, (1, 32, 32, 3)).astype(np.float32)

    assert np.asarray(model(picture)) == pytest.approx(np.asarray(model(picture[:, :, ::-1])), abs=1e-4)


def _lesson(steps: int = 7, smoothing: float = 0.0) -> Lesson:
    rng = np.random.default_rng(0)
    sources = tuple(
        Source(
            rng.integers(0, 256, (count, 16, 16, 3), np.uint8),
            rng.integers(0, 3, count),
            rng.integers(-1, 5, count),
            rows,
        )
        for count, rows in ((10, 4), (6, 2))
    )
    phase = FineTuning(steps=steps, peak_learning_rate=0.1, label_smoothing=smoothing, batch={"photographs": 1})
    return Lesson("fine-tuning", phase, sources, (3, 5), (1.0, 1.0), PLAIN, seed=3)


def test_a_lesson_goes_on_with_the_very_batch_that_it_was_stopped_at():
    lesson = _lesson()
    whole = list(lesson.batches().as_numpy_iterator())

    rest = list(lesson.batches(start=4).as_numpy_iterator())

    assert len(whole) == 7
    for one, other in zip(whole[4:], rest, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_workers_share_the_batches_of_one_process():
    lesson = _lesson()

    for whole, *parts in zip(
        lesson.batches().as_numpy_iterator(),
        lesson.batches(worker=0, workers=2).as_numpy_iterator(),
        lesson.batches(worker=1, workers=2).as_numpy_iterator(),
        strict=True,
    ):
        together = np.concatenate([pixels for pixels, *_ in parts])
        assert sorted(p.tobytes() for p in together) == sorted(p.tobytes() for p in whole[0])


def test_every_picture_comes_once_before_any_comes_twice():
    lesson = _lesson(steps=5)
    pixels = np.concatenate([pixels[:4] for pixels, *_ in lesson.batches().as_numpy_iterator()])

    first = {picture.tobytes() for picture in pixels[:10]}
    assert len(first) == 10


def test_targets_are_distributions_and_a_picture_without_a_class_adds_nothing():
    lesson = _lesson(smoothing=0.1)
    for _pixels, labels, classes in lesson.batches().as_numpy_iterator():
        assert labels.sum(1) == pytest.approx(np.ones(6))
        assert labels.max(1) == pytest.approx(np.full(6, 0.9 + 0.1 / 3))
        assert set(classes.sum(1).round(3).tolist()) <= {0.0, 1.0}


def test_the_precision_is_one_that_this_machine_computes():
    from training.precision import use_fastest_precision

    try:
        assert use_fastest_precision() in ("float32", "mixed_bfloat16")
        assert make_model(load_recipe("vehicle"), 2, 0)(tf.zeros((1, 32, 32, 3))).dtype == tf.float32
    finally:
        keras.config.set_dtype_policy("float32")


def test_weights_that_cannot_be_reached_are_said_to_be_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def unreachable(*_arguments: object, **_more: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(keras.utils, "get_file", unreachable)  # what every download of Keras goes through
    monkeypatch.setattr("keras.src.utils.file_utils.get_file", unreachable)

    with pytest.raises(DatasetError, match=r"ImageNet's weights of mobilenet-v3 can't be reached: no route to host"):
        imagenet_weights("mobilenet-v3", tmp_path)
