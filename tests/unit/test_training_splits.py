"""Splits: stratified, seeded, written down; and what counts as the same picture."""

import json
from dataclasses import dataclass

import numpy as np
import pytest

from signpost.errors import DatasetError
from training.data.likeness import digests, fingerprint, resembles, without
from training.data.pictures import Dataset, Split, join
from training.data.splits import describe_split, split_dataset, stratified


@dataclass
class Rule:
    validation_share: float = 0.25
    test_share: float = 0.2
    train_per_class: int | None = None


def _noise(labels: list[int], seed: int = 0) -> Split:
    images = np.random.default_rng(seed).integers(0, 256, (len(labels), 8, 6, 3), np.uint8)
    return Split(images, np.array(labels, np.int64), tuple(f"{seed}/{row}" for row in range(len(labels))))


def _dataset(**parts: Split) -> Dataset:
    return Dataset(("cat", "cow"), parts, [])


def _split(dataset: Dataset, rule: Rule, seed: int = 1) -> dict[str, Split]:
    return split_dataset(dataset, rule, np.random.default_rng(seed))


def _counts(parts: dict[str, Split]) -> dict[str, list[int]]:
    return {part: np.bincount(split.labels, minlength=2).tolist() for part, split in parts.items()}


def test_every_class_is_split_in_the_same_shares():
    parts = _split(_dataset(all=_noise([0] * 40 + [1] * 20)), Rule())

    assert _counts(parts) == {"train": [24, 12], "validation": [8, 4], "test": [8, 4]}
    assert len({name for split in parts.values() for name in split.names}) == 60


def test_a_seed_decides_the_split():
    dataset = _dataset(all=_noise([0] * 40 + [1] * 20))

    assert _split(dataset, Rule(), 1)["test"].names == _split(dataset, Rule(), 1)["test"].names
    assert _split(dataset, Rule(), 1)["test"].names != _split(dataset, Rule(), 2)["test"].names


def test_a_fixed_number_of_each_class_is_for_training_and_the_rest_for_the_test():
    parts = _split(_dataset(all=_noise([0] * 8 + [1] * 8)), Rule(validation_share=0.2, train_per_class=5))

    assert _counts(parts) == {"train": [4, 4], "validation": [1, 1], "test": [3, 3]}


def test_a_class_that_leaves_no_picture_for_the_test_is_named():
    with pytest.raises(DatasetError, match=r"cow has 5 pictures: 5 to train on leave none .*at most 4"):
        _split(_dataset(all=_noise([0] * 8 + [1] * 5)), Rule(train_per_class=5))


def test_the_test_part_of_a_source_stays():
    test = _noise([0, 1], seed=2)

    parts = _split(_dataset(train=_noise([0] * 8 + [1] * 8), test=test), Rule())

    assert parts["test"] is test
    assert _counts(parts) == {"train": [6, 6], "validation": [2, 2], "test": [1, 1]}


def test_the_only_held_out_part_of_a_source_is_the_test_part():
    held_out = _noise([0, 1], seed=2)

    parts = _split(_dataset(train=_noise([0] * 8 + [1] * 8), validation=held_out), Rule())

    assert parts["test"] is held_out
    assert _counts(parts)["validation"] == [2, 2]


def test_a_source_with_all_three_parts_is_not_split():
    given = {part: _noise([0, 1], seed) for seed, part in enumerate(("train", "validation", "test"))}

    assert _split(_dataset(**given), Rule()) == given


def test_a_source_without_training_pictures_is_an_error():
    with pytest.raises(DatasetError, match="no training pictures"):
        _split(_dataset(test=_noise([0, 1])), Rule())


def test_a_small_class_has_at_least_one_held_out_picture():
    chosen = stratified(np.array([0] * 100 + [1] * 2 + [2]), 0.1, np.random.default_rng(0))

    assert [int(chosen[:100].sum()), int(chosen[100:102].sum()), int(chosen[102:].sum())] == [10, 1, 0]
    assert not stratified(np.array([0, 0, 1, 1]), 0, np.random.default_rng(0)).any()


def test_a_split_is_written_down():
    parts = _split(_dataset(all=_noise([0] * 8 + [1] * 8)), Rule())

    written = json.loads(json.dumps(describe_split(parts, ("cat", "cow"), Rule(), seed=1)))

    assert (written["seed"], written["test_share"]) == (1, 0.2)
    assert written["counts"]["validation"] == {"cat": 2, "cow": 2}
    assert written["fingerprint"] == fingerprint(parts)
    assert written["fingerprints"].keys() == {"train", "validation", "test"}


@pytest.mark.parametrize("side", [32, 96])
def test_a_picture_cut_relit_or_mirrored_a_little_is_the_same_picture(side: int):
    coarse = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3))
    smooth = np.kron(coarse, np.ones((1, side // 8, side // 8, 1))).astype(np.uint8)
    pictures = Split(smooth, np.zeros(3, np.int64))
    changed = np.stack([smooth[0][:, ::-1], np.roll(smooth[1], 1, axis=0) // 2])

    assert resembles(pictures, Split(changed, np.zeros(2, np.int64))).tolist() == [True, True, False]
    assert not resembles(pictures, pictures.take(np.zeros(3, bool))).any()


def test_training_pictures_that_lie_elsewhere_are_left_out():
    pictures = _noise([0, 1, 2])

    assert without(pictures, [pictures.take(np.array([1]))]).names == ("0/0", "0/2")


def test_the_fingerprint_follows_pixels_labels_and_groups_but_not_the_order():
    pictures = _noise([0, 1])
    name = fingerprint({"train": pictures})

    assert fingerprint({"train": pictures.take(np.array([1, 0]))}) == name
    assert fingerprint({"test": pictures}) != name
    assert fingerprint({"train": Split(pictures.images, np.array([0, 0]))}) != name


def test_splits_are_joined_with_their_names():
    joined = join([_noise([0, 1]), _noise([], 1), _noise([1], 2)], (8, 6))

    assert joined.names == ("0/0", "0/1", "2/0")
    assert digests(joined)[2] == digests(_noise([1], 2))[0]
    assert join([], (8, 6)).images.shape == (0, 8, 6, 3)
