"""The whole way from archives to a package, with real TensorFlow and hardly any data."""

import io
import json
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("tensorflow", reason="training needs TensorFlow, an extra of its own: requirements/training.txt")

from signpost.images.limits import Limits
from signpost.images.prepare import prepare
from signpost.model.evaluation import EvaluationSet
from signpost.model.manifest import Manifest
from signpost.model.package import open_package
from signpost.model.predictor import Predictor
from training.card import write_card
from training.data.dataset import read_dataset
from training.program import Run, run
from training.recipe import Recipe, load_recipe

# Keras 3.15 with NumPy 2 says so at every save.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
CLASSES = ["apple", "bicycle", "motorcycle", "wolf"]


def tiny(classifier: str) -> Recipe:
    """The classifier's own recipe with hardly any steps."""
    recipe = load_recipe(classifier)
    drawn = {"drawn_train": 6, "drawn_held_out": 4} if recipe.data.drawn_train else {}
    data = {"unseen_classes": 1, "related": ("cifar-100-python.tar.gz",), "validation_share": 0.2, **drawn}
    short = recipe.with_steps(3 / recipe.fine_tuning.steps)
    return short.model_copy(update={"data": recipe.data.model_copy(update=data)})


def train(recipe: Recipe, archive: Path, related: list[Path], out: Path, **more: Path) -> Manifest:
    manifest = run(Run(recipe, archive, related, out, **more), lambda _line: None)
    assert manifest
    return manifest


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    tar.addfile(info, io.BytesIO(content))


@pytest.fixture(scope="module")
def cifar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CIFAR-100 of four classes and noise for pictures."""
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("data") / "cifar-100-python.tar.gz"
    contents = {"meta": {b"fine_label_names": [name.encode() for name in CLASSES]}}
    for part, n in (("train", 48), ("test", 16)):
        pixels = rng.integers(0, 256, (n, 3072), np.uint8)
        contents[part] = {b"data": pixels, b"fine_labels": [row % 4 for row in range(n)]}
    with tarfile.open(path, "w:gz") as tar:
        for name, content in contents.items():
            _add(tar, f"cifar-100-python/{name}", pickle.dumps(content, protocol=2))
    return path


@pytest.fixture(scope="module")
def dogs(cifar: Path) -> Path:
    """A folder a breed, twenty pictures of noise each."""
    path = cifar.with_name("dog-breeds-32.tar.gz")
    with tarfile.open(path, "w:gz") as tar:
        for breed in load_recipe("dog-breed").data.labels:
            for number in range(20):
                buffer = io.BytesIO()
                Image.effect_noise((32, 32), 90).convert("RGB").save(buffer, "PNG")
                _add(tar, f"dogs/{breed}/{number}.png", buffer.getvalue())
    return path


@pytest.fixture(scope="module")
def folder(cifar: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "vehicle"
    train(tiny("vehicle"), cifar, [cifar], out, evaluation=out.with_name("evaluation.npz"), history=out.with_name("h"))
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

    assert manifest.metrics["test"]["photographs"]["n"] == 8
    assert manifest.data["counts"]["train"]["photographs"] == 20
    assert set(manifest.metrics["exports"]) == {"float32", "dynamic-range", "int8"}
    assert manifest.data["fingerprint"] in (folder / "MODEL_CARD.md").read_text()


def test_the_same_seed_gives_the_same_weights(cifar: Path, folder: Path, tmp_path: Path):
    import keras

    train(tiny("vehicle"), cifar, [cifar], tmp_path / "vehicle")

    first, second = (keras.saving.load_model(package / "model.keras") for package in (folder, tmp_path / "vehicle"))
    for one, other in zip(first.get_weights(), second.get_weights(), strict=True):
        assert np.array_equal(one, other)


def test_labels_from_one_archive_and_outliers_from_another(dogs: Path, cifar: Path, tmp_path: Path):
    manifest = train(tiny("dog-breed"), dogs, [cifar], tmp_path / "dog-breed")

    counts = manifest.data["counts"]
    assert {part: counts[part]["photographs"] for part in counts} == {"train": 65, "validation": 15, "test": 20}
    assert counts["test"]["photographed_outliers"] + counts["test"]["unseen_outliers"] == 16
    assert manifest.metrics["test"].keys() == {"photographs"}
    assert manifest.metrics["strange"].keys() == {
        "photographs of classes seen as outliers",
        "photographs of classes never seen",
    }
    assert "maltese, chihuahua, english_toy_spaniel, japanese_spaniel and pekingese" in (
        tmp_path / "dog-breed" / "MODEL_CARD.md"
    ).read_text().replace("\n", " ")


def test_serving_prepares_the_very_pixels_that_training_saw(dogs: Path, folder: Path):
    with tarfile.open(dogs) as tar:
        [member] = [member for member in tar if member.name.endswith("chihuahua/7.png")]
        file = tar.extractfile(member)
        assert file
        content = file.read()
    data = read_dataset(dogs, 24, 40, ("chihuahua", "maltese"), lambda _line: None)
    # The test pictures that a run leaves are those of the archive, whatever file they come as.
    pictures = EvaluationSet.read(folder.with_name("evaluation.npz").read_bytes())
    as_file = io.BytesIO()
    Image.fromarray(pictures.images[0]).save(as_file, "PNG")

    assert np.asarray(prepare(content, 24, 40, Limits())).tobytes() in [i.tobytes() for i in data.parts["all"].images]
    assert np.asarray(prepare(as_file.getvalue(), 32, 32, Limits())).tobytes() == pictures.images[0].tobytes()


def test_the_way_of_a_run_is_written_down(folder: Path):
    lines = [json.loads(line) for line in folder.with_name("h").read_text().splitlines()]

    lessons = [line["lesson"] for line in lines]
    assert lessons == [*["pretraining"] * (len(lessons) - 3), *["fine-tuning"] * 3]
    assert lessons[0] == "pretraining"
    assert all(0 <= line["accuracy"] <= 1 for line in lines)


def test_the_card_says_which_command_made_the_package(folder: Path):
    manifest = open_package(folder).manifest
    archives = [{**archive, "official": True} for archive in manifest.data["archives"]]
    official = manifest.model_copy(update={"data": {**manifest.data, "archives": archives}})

    assert "signpost train vehicle --data FOLDER`" in write_card(manifest, 1)
    assert "Other archives give another model." in write_card(manifest, 1)
    assert "signpost train vehicle`" in write_card(official, 1)
    assert "another model" not in write_card(official, 1)
