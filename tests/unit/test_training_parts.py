"""What a run refuses before it spends hours, and where corrected pictures go."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from signpost.errors import DatasetError
from training.data.parts import assemble
from training.data.pictures import Dataset, Split
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


def test_corrected_pictures_join_the_training_part_under_the_labels_of_the_archive(tmp_path: Path):
    asked = []

    def corrected(labels: tuple[str, ...]) -> Dataset:
        asked.append(labels)
        images = np.random.default_rng(9).integers(0, 256, (1, 96, 96, 3), np.uint8)
        return Dataset(labels, {"all": Split(images, np.array([1]), ("decision-1",))}, [])

    tree, recipe = write_tree(tmp_path / "mine"), make_recipe(labels=(), test_share=0.2)
    alone = assemble(tree, [], recipe, ignore)
    more = assemble(tree, [], recipe, ignore, corrected)

    assert asked == [LABELS]
    before = alone.train.photographs.counts(LABELS)
    assert more.train.photographs.counts(LABELS) == before | {"bees": before["bees"] + 1}
