"""Splits pictures into train, validation and test part: stratified, seeded, written down."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from signpost.errors import DatasetError
from signpost.terminal.printable import printable
from training.data.likeness import fingerprint
from training.data.pictures import Dataset, Split

PARTS = ("train", "validation", "test")


class SplitRule(Protocol):
    """How to split; the data settings of a recipe are one."""

    @property
    def validation_share(self) -> float:
        """Share of the pictures outside the test part that becomes the validation part."""
        ...

    @property
    def test_share(self) -> float:
        """Share of all that becomes the test part."""
        ...

    @property
    def train_per_class(self) -> int | None:
        """Pictures of each class to train and validate on, the rest being the test part; None: by `test_share`."""
        ...


def split_dataset(dataset: Dataset, rule: SplitRule, rng: np.random.Generator) -> dict[str, Split]:
    """Split a cleaned dataset, each class alike.

    What the source itself holds out stays held out: with a validation and a test part nothing is split; with one of
    them, whatever it is called, that one is the test part and validation is taken from the training pictures.

    Parameters
    ----------
    dataset : Dataset
    rule : SplitRule
    rng : numpy.random.Generator
        In the same state it gives the same split of the same pictures.

    Returns
    -------
    dict of str to Split
        For each of `PARTS`; empty where the rule asks for none.

    Raises
    ------
    DatasetError
        If there is nothing to train on, or a class has too few pictures for the rule.
    """
    parts = dataset.parts
    if not {"all", "train"} & parts.keys():
        raise DatasetError(f"there are no training pictures, only a part called {' and '.join(parts)}")
    rest = parts["train"] if "train" in parts else parts["all"]
    if {"validation", "test"} <= parts.keys():
        return {part: parts[part] for part in PARTS}
    held_out = parts.get("test", parts.get("validation"))
    if held_out is None:
        if rule.train_per_class is None:
            chosen = stratified(rest.labels, rule.test_share, rng)
        else:
            chosen = ~_per_class(dataset, rest, rule.train_per_class, rng)
        held_out, rest = rest.take(chosen), rest.take(~chosen)
    validation = stratified(rest.labels, rule.validation_share, rng)
    return {"train": rest.take(~validation), "validation": rest.take(validation), "test": held_out}


def stratified(labels: NDArray[np.int64], share: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Choose the same share of every class.

    Parameters
    ----------
    labels : ndarray, shape (n,)
    share : float
        Share to choose, 0 to 1; where it is not 0, of two or more pictures at least one is chosen.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of bool, shape (n,)
        True where a row was chosen.
    """
    chosen = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        least = 1 if share and len(rows) > 1 else 0
        chosen[rng.permutation(rows)[: max(least, round(share * len(rows)))]] = True
    return chosen


def describe_split(parts: dict[str, Split], classes: tuple[str, ...], rule: SplitRule, seed: int) -> dict[str, Any]:
    """Write a split down, so that it can be told apart from any other and made again.

    Parameters
    ----------
    parts : dict of str to Split
        As they are used, after everything was left out.
    classes : tuple of str
    rule : SplitRule
    seed : int
        Of the generator that split.

    Returns
    -------
    dict
        For JSON: seed, rule, counts of every class in every part, and fingerprints of each part and of the whole.
    """
    return {
        "seed": seed,
        "validation_share": rule.validation_share,
        "test_share": rule.test_share,
        "train_per_class": rule.train_per_class,
        "counts": {part: split.counts(classes) for part, split in parts.items()},
        "fingerprints": {part: fingerprint({part: split}) for part, split in parts.items()},
        "fingerprint": fingerprint(parts),
    }


def _per_class(dataset: Dataset, heap: Split, count: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Choose the same number of pictures of every class, and leave at least one of each."""
    chosen = np.zeros(len(heap), bool)
    for label, there in enumerate(heap.counts(dataset.classes).values()):
        if there <= count:
            name = printable(dataset.classes[label])
            raise DatasetError(
                f"{name} has {there} pictures: {count} to train on leave none to test with; allowed are at most "
                f"{max(0, there - 1)} for train_per_class"
            )
        chosen[rng.permutation(np.flatnonzero(heap.labels == label))[:count]] = True
    return chosen
