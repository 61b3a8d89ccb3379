"""Recipes, and where their archives are found."""

from pathlib import Path

import pytest

from signpost.errors import DatasetError, SettingsError
from signpost.settings.file import load_settings
from tests.conftest import ROOT
from training import recipe as recipe_module
from training.data.locate import locate
from training.recipe import load_recipe


@pytest.mark.parametrize("classifier", ["vehicle", "dog-breed"])
def test_a_recipe_has_the_labels_that_are_routed(classifier: str):
    routed = load_settings(ROOT / "signpost.toml").classifiers[classifier].route_of

    assert set(load_recipe(classifier).data.labels) == set(routed)


def test_the_quick_form_takes_fewer_steps_and_a_mean_over_fewer():
    recipe = load_recipe("vehicle")
    quick = recipe.quick()

    assert recipe.pretraining
    assert quick.pretraining
    assert quick.pretraining.steps == recipe.pretraining.steps // 16
    assert quick.fine_tuning.steps == recipe.fine_tuning.steps // 16
    assert quick.fine_tuning.batch == recipe.fine_tuning.batch
    assert quick.data.labels == recipe.data.labels
    assert 1 / (1 - quick.ema) == pytest.approx(1 / (1 - recipe.ema) / 16)
    assert quick.shortened


def test_an_unknown_or_wrong_recipe_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(
        SettingsError, match="no recipe for 'cat'; there are ants-bees, cifar-10, dog-breed, faces, vehicle"
    ):
        load_recipe("cat")

    monkeypatch.setattr(recipe_module, "RECIPES", tmp_path)
    (tmp_path / "vehicle.toml").write_text((ROOT / "training/recipes/vehicle.toml").read_text() + "\nstepz = 3\n")
    with pytest.raises(SettingsError, match=r"(?s)vehicle\.toml: .*stepz"):
        load_recipe("vehicle")
    (tmp_path / "vehicle.toml").write_text("seed = ")
    with pytest.raises(SettingsError, match=r"vehicle\.toml: "):
        load_recipe("vehicle")


def test_archives_are_found_in_a_folder_or_beside_the_one_given(tmp_path: Path):
    settings = load_recipe("dog-breed").data
    related, mine = tmp_path / "cifar-100-python.tar.gz", tmp_path / "my-dogs.zip"
    for file in (related, mine):
        file.touch()

    assert locate(settings, mine, _absent) == (mine, [related])
    with pytest.raises(DatasetError, match=r"dog-breeds-32\.tar\.gz is not there"):
        locate(settings, tmp_path, _absent)
    (tmp_path / "dog-breeds-32.tar.gz").touch()
    assert locate(settings, tmp_path, _absent) == (tmp_path / "dog-breeds-32.tar.gz", [related])
    with pytest.raises(DatasetError, match="no folder or archive at"):
        locate(settings, tmp_path / "absent", _absent)


def test_a_folder_of_classes_is_the_data_itself(tmp_path: Path):
    (tmp_path / "maltese").mkdir()

    assert locate(load_recipe("ants-bees").data, tmp_path, _absent) == (tmp_path, [])


def test_a_folder_of_classes_does_not_stand_in_for_a_related_archive(tmp_path: Path):
    (tmp_path / "mine/bicycle").mkdir(parents=True)
    (tmp_path / "cifar-100-python.tar.gz").touch()

    archive, related = locate(load_recipe("vehicle").data, tmp_path / "mine", lambda name: Path("cache") / name)

    assert archive == tmp_path / "mine"
    assert related == [tmp_path / "cifar-100-python.tar.gz", Path("cache/cifar-10-python.tar.gz")]


def test_an_unpacked_archive_is_the_archive(tmp_path: Path):
    unpacked = tmp_path / "cifar-100-python"
    unpacked.mkdir()
    (unpacked / "meta").touch()

    archive, related = locate(load_recipe("vehicle").data, unpacked, lambda name: Path("cache") / name)

    assert (archive, related[0]) == (unpacked, unpacked)


def test_what_is_not_there_is_fetched(tmp_path: Path):
    (tmp_path / "cifar-100-python.tar.gz").touch()

    archive, related = locate(load_recipe("vehicle").data, tmp_path, lambda name: Path("cache") / name)

    assert archive == tmp_path / "cifar-100-python.tar.gz"
    assert related == [archive, Path("cache/cifar-10-python.tar.gz")]


def _absent(name: str) -> Path:
    raise DatasetError(f"{name} is not there")
