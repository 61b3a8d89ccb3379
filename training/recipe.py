"""What decides a training run: ``training/recipes/CLASSIFIER.toml``, checked."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from signpost.errors import SettingsError

RECIPES = Path(__file__).with_name("recipes")
Share = Annotated[float, Field(ge=0, lt=1)]
_QUICKER = 10


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Data(_Part):
    """Where pictures come from and what becomes of them.

    Attributes
    ----------
    archive : str
        File name of the archive that has the labels: CIFAR-100, or a folder a label.
    labels : tuple of str
        In the order of the network's outputs.
    related : str
        File name of the CIFAR-100 archive whose other classes are pretrained on and serve as outliers.
    validation_share : float
        Share of the archive's train split that is held out for calibration and thresholds.
    test_share : float
        Share that is held out for the figures where the archive has no test split.
    unseen_classes : int
        Outlier classes that training never sees; they show what a strange picture leads to.
    drawn_train, drawn_held_out : int
        Drawn pictures of each kind for training, and for validation and test each.
    """

    archive: str
    labels: tuple[str, ...] = Field(min_length=2)
    related: str
    validation_share: Share
    test_share: Share = 0.0
    unseen_classes: int = 20
    drawn_train: int = 0
    drawn_held_out: int = 0


class Augmentation(_Part):
    """How much pictures change; mirroring is always on.

    Attributes
    ----------
    shift : int
        Pixels, as He et al. 2016 for CIFAR.
    hole : int
        Side in pixels of the square that is hidden in half of the pictures (DeVries and Taylor 2017,
        arXiv:1708.04552).
    contrast : float
        Largest relative change.
    brightness : float
        Largest change, of 255.
    """

    shift: int = 4
    hole: int = 12
    contrast: float = 0.25
    brightness: float = 24.0


class Phase(_Part):
    """One of the two parts of a run: pretraining on the related classes, then fine-tuning.

    Attributes
    ----------
    steps : int
        Number of batches.
    peak_learning_rate : float
        Reached after a tenth of the steps, then a cosine to zero. SGD with Nesterov momentum 0.9.
    mix : float
        Share of the batches that MixUp or CutMix changes.
    label_smoothing : float
        Share of each target that is spread over all classes.
    """

    steps: int = Field(gt=0)
    peak_learning_rate: float = Field(gt=0)
    mix: float = Field(default=0.0, ge=0, le=1)
    label_smoothing: Share = 0.0


class Pretraining(Phase):
    """Naming all classes; ``batch`` pictures at a time."""

    batch: int = Field(default=128, gt=0)


class BatchShares(_Part):
    """How many rows of a batch come from where.

    Photographs and drawings, labels and outliers keep fixed shares, so that the larger heap can't drown the smaller.
    """

    photographs: int
    drawings: int = 0
    photographed_outliers: int
    drawn_outliers: int = 0


class FineTuning(Phase):
    """Telling the labels apart, and from everything else.

    Attributes
    ----------
    batch : BatchShares
    auxiliary_weight : float
        Weight of the second task, naming a photograph's class among all.
    """

    batch: BatchShares
    auxiliary_weight: float = Field(ge=0)


class Card(_Part):
    """What the model card says beside the figures.

    Attributes
    ----------
    purpose : str
        What the model is made for; the sentence goes on with ", where an unsure answer goes to a person."
    source, terms : str
        Where the photographs come from, and on what terms.
    limits : tuple of str
        One sentence or more each.
    """

    purpose: str
    source: str
    terms: str
    limits: tuple[str, ...]


class Recipe(_Part):
    """Settings of one training run.

    Attributes
    ----------
    seed : int
        Decides splits, drawn pictures, weights and the order of batches.
    widths : tuple of int
        Channels of the network's blocks.
    weight_decay : float
        Share of each weight that one step at learning rate 1 takes away.
    ema : float
        Momentum of the running mean over the weights, which is what ships.
    precision : float
        Precision that each label's threshold must reach on validation.
    kept : float
        Share of validation pictures that the energy threshold must keep.
    shortened : bool
        Whether this is the quick form of the recipe.
    """

    seed: int
    widths: tuple[int, ...] = Field(min_length=1)
    weight_decay: float
    ema: Share
    precision: float = 0.98
    kept: float = 0.95
    shortened: bool = False
    card: Card
    data: Data
    augmentation: Augmentation = Augmentation()
    pretraining: Pretraining
    fine_tuning: FineTuning

    def quick(self) -> Recipe:
        """Give the same recipe with a tenth of the steps and drawn pictures: to try things out."""

        def less(phase: Phase) -> Phase:
            return phase.model_copy(update={"steps": max(1, phase.steps // _QUICKER)})

        fewer = {"drawn_train": self.data.drawn_train // _QUICKER}
        return self.model_copy(
            update={
                "shortened": True,
                "data": self.data.model_copy(update=fewer),
                "pretraining": less(self.pretraining),
                "fine_tuning": less(self.fine_tuning),
            }
        )


def recipes() -> list[str]:
    """List the classifiers that have a recipe."""
    return sorted(path.stem for path in RECIPES.glob("*.toml"))


def load_recipe(classifier: str) -> Recipe:
    """Read a classifier's recipe.

    Raises
    ------
    SettingsError
        If there is none, or it is wrong.
    """
    if classifier not in recipes():
        raise SettingsError(f"no recipe for {classifier!r}; there are {', '.join(recipes())}")
    path = RECIPES / f"{classifier}.toml"
    try:
        return Recipe.model_validate(tomllib.loads(path.read_text()))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise SettingsError(f"{path.name}: {error}") from error
