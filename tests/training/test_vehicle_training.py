"""The whole way from an archive to a package, with real TensorFlow and hardly any data."""

import io
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("tensorflow", reason="training needs TensorFlow, an extra of its own: requirements/training.txt")

from signpost.package import open_package
from signpost.predictor import Predictor
from training.recipe import Recipe
from training.vehicle.build import build

# Keras 3.15 with NumPy 2 says so at every save.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
TINY = Recipe(steps=4, drawn_train=6, drawn_held_out=4, unseen_classes=1)
CLASSES = ["apple", "bicycle", "motorcycle", "wolf"]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CIFAR-100 of four classes and noise for pictures."""
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("data") / "cifar-100-python.tar.gz"
    contents = {"meta": {b"fine_label_names": [name.encode() for name in CLASSES]}}
    for part, n in (("train", 48), ("test", 16)):
        pixels = rng.integers(0, 256, (n, 3072), np.uint8)
        contents[part] = {b"data": pixels, b"fine_labels": [row % 4 for row in range(n)]}
    with tarfile.open(path, "w:gz") as tar:
        for name, content in contents.items():
            packed = pickle.dumps(content, protocol=2)
            info = tarfile.TarInfo(f"cifar-100-python/{name}")
            info.size = len(packed)
            tar.addfile(info, io.BytesIO(packed))
    return path


@pytest.fixture(scope="module")
def folder(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "vehicle"
    build(archive, out, TINY, lambda _line: None)
    return out


def test_training_writes_a_package_that_predicts_what_its_keras_model_says(folder: Path):
    import keras

    package = open_package(folder)
    picture = Image.effect_noise((32, 32), 90).convert("RGB")

    expected = keras.saving.load_model(folder / "model.keras")(np.asarray(picture, np.float32)[np.newaxis])
    found = Predictor(package).logits(np.asarray(picture))

    assert package.manifest.labels == ["bicycle", "motorcycle"]
    assert found == pytest.approx(np.asarray(expected)[0], abs=0.1)


def test_the_manifest_and_the_card_hold_the_figures(folder: Path):
    manifest = open_package(folder).manifest

    assert manifest.metrics["test"]["CIFAR-100 photographs"]["n"] == 8
    assert manifest.data["counts"]["train"]["photographs"] == 20
    assert set(manifest.metrics["exports"]) == {"float32", "dynamic-range", "int8"}
    assert manifest.data["fingerprint"] in (folder / "MODEL_CARD.md").read_text()


def test_the_same_seed_gives_the_same_weights(archive: Path, folder: Path, tmp_path: Path):
    import keras

    build(archive, tmp_path / "vehicle", TINY, lambda _line: None)

    first, second = (keras.saving.load_model(package / "model.keras") for package in (folder, tmp_path / "vehicle"))
    for one, other in zip(first.get_weights(), second.get_weights(), strict=True):
        assert np.array_equal(one, other)
