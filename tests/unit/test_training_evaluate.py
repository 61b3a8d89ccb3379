"""The committed packages, measured on pictures drawn for the test and on real ones."""

import hashlib
import tarfile
from pathlib import Path

import pytest

from signpost.errors import DatasetError
from signpost.model.known_pictures import FOLDER
from signpost.model.package import Package, open_package
from tests.conftest import ROOT
from training.card import write_card
from training.data.drawn import draw_file
from training.evaluate import evaluate
from training.recipe import load_recipe

SEED = 99  # no seed that training uses


@pytest.fixture(scope="module")
def package(vehicle_package: Path) -> Package:
    return open_package(vehicle_package)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tree")
    for label in ("bicycle", "motorcycle"):
        (folder / label).mkdir()
        for index in range(20):
            name, content = draw_file(label, SEED, index)
            (folder / label / name).write_bytes(content)
    return folder


def test_drawn_pictures_are_told_apart(package: Package, tree: Path):
    result = evaluate(package, tree)

    assert result["n"] == 40
    assert result["accuracy"] >= 0.9
    assert result["labels"] == ["bicycle", "motorcycle"]
    assert [sum(row) for row in result["confusion"]] == [20, 20]
    assert result["macro_f1"] == pytest.approx(result["accuracy"], abs=0.05)
    assert 0 <= result["ece"] < 0.2
    assert result["accuracy_95"][0] < result["accuracy"]
    assert result["skipped"] == []


def test_an_archive_gives_what_its_folder_gives(package: Package, tree: Path, tmp_path: Path):
    with tarfile.open(tmp_path / "tree.tar.gz", "w:gz") as archive:
        archive.add(tree, "photos")

    assert evaluate(package, tmp_path / "tree.tar.gz") == evaluate(package, tree)


def test_unreadable_pictures_are_named_and_skipped(package: Package, tmp_path: Path):
    (tmp_path / "bicycle").mkdir()
    name, content = draw_file("bicycle", SEED, 0)
    (tmp_path / "bicycle" / name).write_bytes(content)
    (tmp_path / "bicycle" / "notes.txt").write_text("no picture")
    (tmp_path / "bicycle" / "empty.jpg").touch()

    result = evaluate(package, tmp_path)

    assert result["n"] == 1
    assert [line.split(":")[0] for line in result["skipped"]] == ["bicycle/empty.jpg", "bicycle/notes.txt"]


def test_a_tree_without_one_readable_picture_is_an_error(package: Package, tmp_path: Path):
    (tmp_path / "bicycle").mkdir()
    (tmp_path / "bicycle" / "notes.txt").write_text("no picture")

    with pytest.raises(DatasetError, match=r"none of the pictures .* bicycle/notes\.txt: The file is text"):
        evaluate(package, tmp_path)


def test_photographs_of_the_archive_are_told_apart(package: Package, shared_data: Path):
    result = evaluate(package, shared_data / "cifar-100-python.tar.gz")

    assert result["n"] == 100
    assert result["accuracy"] >= 0.9


@pytest.mark.parametrize("classifier", ["vehicle", "dog-breed"])
def test_a_package_is_small_and_says_how_it_was_made(classifier: str):
    folder = ROOT / "models" / classifier
    # Known pictures beside it are no part of it.
    package, files = open_package(folder), sorted(path for path in folder.iterdir() if path.name != FOLDER)
    accuracy = package.manifest.metrics["test"]["photographs"]["accuracy"]

    assert [file.name for file in files] == ["MODEL_CARD.md", "manifest.json", "model.keras", "model.tflite"]
    assert sum(file.stat().st_size for file in files) < 2_000_000
    assert f"{accuracy:.1%}" in files[0].read_text()
    assert len(package.manifest.data["fingerprint"]) == 64
    for name, digest in package.manifest.files.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize("classifier", ["vehicle", "dog-breed"])
def test_a_package_is_what_the_documented_command_makes(classifier: str):
    folder = ROOT / "models" / classifier
    package = open_package(folder)

    assert package.manifest.data["recipe"] == load_recipe(classifier).model_dump(mode="json")
    assert (folder / "MODEL_CARD.md").read_text() == write_card(package.manifest, len(package.model))
