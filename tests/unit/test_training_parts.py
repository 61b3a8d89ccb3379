"""What a run refuses before it spends hours, and where corrected pictures go."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from signpost.capture.corrections import NONE_OF_THESE
from signpost.errors import DatasetError
from training.data.describe import describe
from training.data.parts import assemble
from training.data.pictures import NO_CLASS, Dataset, Split
from training.recipe import Recipe, load_recipe

LABELS = ("ants", "bees")


def write_tree(folder: Path, labels: tuple[str, ...] = LABELS, count: int = 10, seed: int = 0) -> Path:
    rng = np.random.default_rng(seed)
    for label in labels:
        (folder / label).mkdir(parents=True)
        for number in range(count):
            pixels = np.repeat(np.repeat(rng.integers(0, 256, (8, 8, 3), np.uint8), 12, 0), 12, 1)
            Image.fromarray(pixels).save(folder / label / f"{number}.png")
    return folder


def make_recipe(**data: object) -> Recipe:
    recipe = load_recipe("ants-bees")
    return recipe.model_copy(update={"data": recipe.data.model_copy(update=data)})


def ignore(_line: str) -> None:
    pass


@pytest.mark.parametrize("part", ["validation", "test"])
def test_a_part_without_a_picture_stops_the_run_and_names_the_setting(tmp_path: Path, part: str):
    shares = {"validation_share": 0.2, "test_share": 0.2} | {f"{part}_share": 0.0}

    with pytest.raises(DatasetError, match=f"no {part} picture: raise `{part}_share`"):
        assemble(write_tree(tmp_path / "mine"), [], make_recipe(**shares), ignore)


def test_a_class_whose_pictures_all_repeat_held_out_ones_stops_the_run_and_is_named(tmp_path: Path):
    tree = write_tree(tmp_path / "mine")
    first = Image.open(tree / "bees/0.png")
    for number in range(10):  # one photograph, a little lighter each time
        first.point(lambda value, more=number: min(255, value + more)).save(tree / f"bees/{number}.png")

    with pytest.raises(DatasetError, match="no picture to train on for bees"):
        assemble(tree, [], make_recipe(test_share=0.2), ignore)


def make_corrected(images: np.ndarray, *labels: int) -> Callable[[tuple[str, ...]], Dataset]:
    """Stand in for the reader of corrected images: of labels, that behind the last means "none of these"."""

    def corrected(classes: tuple[str, ...]) -> Dataset:
        assert classes == LABELS
        names = tuple(f"decision-{number}" for number in range(len(labels)))
        return Dataset((*classes, NONE_OF_THESE), {"all": Split(images, np.array(labels), names)}, [])

    return corrected


def make_images(count: int) -> np.ndarray:
    return np.random.default_rng(9).integers(0, 256, (count, 96, 96, 3), np.uint8)


def with_outliers(recipe: Recipe) -> Recipe:
    tuning = recipe.fine_tuning
    batch = tuning.batch.model_copy(update={"photographed_outliers": 4})
    return recipe.model_copy(update={"fine_tuning": tuning.model_copy(update={"batch": batch})})


def test_corrected_images_join_the_training_part_with_their_labels_and_as_outliers(tmp_path: Path):
    tree, recipe = write_tree(tmp_path / "mine"), with_outliers(make_recipe(labels=(), test_share=0.2))

    alone = assemble(tree, [], recipe, ignore)
    more = assemble(tree, [], recipe, ignore, make_corrected(make_images(3), 1, 2, 2))

    before = alone.train.photographs.counts(LABELS)
    assert more.train.photographs.counts(LABELS) == before | {"bees": before["bees"] + 1}
    assert more.train.photographed_outliers.labels.tolist() == [NO_CLASS, NO_CLASS]
    assert (alone.corrected, more.corrected) == ({}, {"ants": 0, "bees": 1, NONE_OF_THESE: 2})
    described = describe(more, [tree], recipe)
    assert described["fingerprint"] != describe(alone, [tree], recipe)["fingerprint"]
    assert described["sources"][-1]["used"] == "train 0 ants, 1 bees, 2 none of these"


def test_a_recipe_without_outliers_reports_the_corrections_that_it_leaves_out(tmp_path: Path):
    tree, recipe, lines = write_tree(tmp_path / "mine"), make_recipe(labels=(), test_share=0.2), []

    data = assemble(tree, [], recipe, lines.append, make_corrected(make_images(2), 1, 2))

    assert data.corrected == {"ants": 0, "bees": 1, NONE_OF_THESE: 0}
    assert "left out 1 corrections to none of these: the recipe trains without outliers" in lines


def test_corrected_images_that_contradict_each_other_or_repeat_held_out_ones_are_left_out(tmp_path: Path):
    tree, recipe = write_tree(tmp_path / "mine"), with_outliers(make_recipe(labels=(), test_share=0.2))
    held_out = assemble(tree, [], recipe, ignore).test.photographs.images[:1]
    twice = make_images(1)

    images = np.concatenate([twice, twice, held_out, held_out])
    data = assemble(tree, [], recipe, ignore, make_corrected(images, 1, 2, 0, 0))

    assert data.corrected == {"ants": 0, "bees": 0, NONE_OF_THESE: 0}
