"""Recipes, and how pictures are found, split and kept apart."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from signpost.errors import DatasetError, SettingsError
from signpost.settings import load_settings
from tests.conftest import ROOT
from training import recipe as recipe_module
from training.data.cifar import Split
from training.data.locate import locate
from training.data.splits import digests, fingerprint, read_folders, resembles, split_three_ways, without
from training.recipe import load_recipe, recipes


def _noise(labels: list[int], seed: int = 0) -> Split:
    images = np.random.default_rng(seed).integers(0, 256, (len(labels), 32, 32, 3), np.uint8)
    return Split(images, np.array(labels, np.int64))


@pytest.mark.parametrize("classifier", recipes())
def test_a_recipe_has_the_labels_that_are_routed(classifier: str):
    routed = load_settings(ROOT / "signpost.toml").classifiers[classifier].route_of

    assert set(load_recipe(classifier).data.labels) == set(routed)


def test_the_quick_form_differs_in_size_alone():
    recipe = load_recipe("vehicle")
    quick = recipe.quick()

    assert quick.pretraining.steps == recipe.pretraining.steps // 10
    assert quick.fine_tuning.steps == recipe.fine_tuning.steps // 10
    assert quick.fine_tuning.batch == recipe.fine_tuning.batch
    assert quick.data.labels == recipe.data.labels
    assert quick.shortened


def test_an_unknown_or_wrong_recipe_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(SettingsError, match="no recipe for 'cat'; there are dog-breed, vehicle"):
        load_recipe("cat")

    monkeypatch.setattr(recipe_module, "RECIPES", tmp_path)
    (tmp_path / "vehicle.toml").write_text((ROOT / "training/recipes/vehicle.toml").read_text() + "\nstepz = 3\n")
    with pytest.raises(SettingsError, match=r"(?s)vehicle\.toml: .*stepz"):
        load_recipe("vehicle")
    (tmp_path / "vehicle.toml").write_text("seed = ")
    with pytest.raises(SettingsError, match=r"vehicle\.toml: "):
        load_recipe("vehicle")


def test_archives_are_found_in_a_folder_or_beside_the_one_given(tmp_path: Path):
    settings, console = load_recipe("dog-breed").data, Console(quiet=True)
    related, mine = tmp_path / "cifar-100-python.tar.gz", tmp_path / "my-dogs.zip"
    for file in (related, mine):
        file.touch()

    assert locate(settings, mine, console) == (mine, related)
    with pytest.raises(DatasetError, match=r"dog-breeds-32\.tar\.gz is not there"):
        locate(settings, tmp_path, console)
    (tmp_path / "dog-breeds-32.tar.gz").touch()
    assert locate(settings, tmp_path, console) == (tmp_path / "dog-breeds-32.tar.gz", related)
    with pytest.raises(DatasetError, match="no folder or archive at"):
        locate(settings, tmp_path / "absent", console)


def test_one_archive_may_be_both(tmp_path: Path):
    archive = tmp_path / "cifar.tar.gz"
    archive.touch()

    assert locate(load_recipe("vehicle").data, archive, Console(quiet=True)) == (archive, archive)


def test_every_label_is_split_in_the_same_shares():
    parts = split_three_ways(_noise([0] * 40 + [1] * 20), 0.15, 0.2, np.random.default_rng(1))

    found = {part: np.bincount(split.labels).tolist() for part, split in parts.items()}
    assert found == {"train": [26, 13], "validation": [6, 3], "test": [8, 4]}
    assert len(set().union(*(digests(split) for split in parts.values()))) == 60


def test_copies_count_once_and_those_with_two_labels_not_at_all():
    once = _noise([0, 0, 1, 1])
    images = np.concatenate([once.images, once.images[:1], once.images[:1], once.images[1:2]])
    heap = Split(images, np.array([0, 0, 1, 1, 0, 0, 1]))  # the second picture is there under both labels

    parts = split_three_ways(heap, 0.25, 0.25, np.random.default_rng(1))

    left = sorted(digest for split in parts.values() for digest in digests(split))
    assert left == sorted(digests(once.take(np.array([0, 2, 3]))))


def test_a_picture_cut_or_mirrored_a_little_is_the_same_picture():
    smooth = np.kron(np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3)), np.ones((1, 4, 4, 1))).astype(np.uint8)
    pictures = Split(smooth, np.zeros(3, np.int64))
    changed = np.stack([smooth[0][:, ::-1], np.roll(smooth[1], 1, axis=0) // 2])

    assert resembles(pictures, Split(changed, np.zeros(2, np.int64))).tolist() == [True, True, False]
    assert not resembles(pictures, pictures.take(np.zeros(3, bool))).any()


def test_training_pictures_that_lie_elsewhere_are_left_out():
    pictures = _noise([0, 1, 2])

    assert without(pictures, [pictures.take(np.array([1]))]).labels.tolist() == [0, 2]


def test_the_fingerprint_follows_pixels_labels_and_groups_but_not_the_order():
    pictures = _noise([0, 1])
    name = fingerprint({"train": pictures})

    assert fingerprint({"train": pictures.take(np.array([1, 0]))}) == name
    assert fingerprint({"test": pictures}) != name
    assert fingerprint({"train": Split(pictures.images, np.array([0, 0]))}) != name


def test_a_folder_of_pictures_is_read_and_what_is_none_is_named(tmp_path: Path):
    for label in ("cat", "cow"):
        (tmp_path / label).mkdir()
        Image.new("RGB", (50, 40), "red").save(tmp_path / label / "one.png")
    (tmp_path / "cat" / "two.png").write_text("no picture")
    told: list[str] = []

    pictures = read_folders(tmp_path, ("cow", "cat"), told.append)

    assert pictures.labels.tolist() == [1, 0]
    assert pictures.images.shape == (2, 32, 32, 3)
    assert [line.split(":")[0] for line in told] == ["left out cat/two.png"]


def test_a_label_without_pictures_is_said(tmp_path: Path):
    (tmp_path / "cat").mkdir()
    Image.new("RGB", (50, 40)).save(tmp_path / "cat" / "one.png")

    with pytest.raises(DatasetError, match="no picture of cow"):
        read_folders(tmp_path, ("cat", "cow"), lambda _line: None)
