"""What decides a training run: ``training/recipes/NAME.toml``, checked."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from signpost.errors import SettingsError

RECIPES = Path(__file__).with_name("recipes")
Share = Annotated[float, Field(ge=0, lt=1)]
_QUICKER = 16


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Residual(_Part):
    """A small residual network for small pictures, `training.networks.residual`.

    Attributes
    ----------
    widths : tuple of int
        Channels of each stage; each but the first halves the picture.
    blocks : int
        Residual blocks of a stage.
    stem_stride : int
        2 halves the picture before the first stage, for pictures of more than about 48 pixels.
    """

    kind: Literal["residual"] = "residual"
    widths: tuple[int, ...] = Field(min_length=1)
    blocks: int = Field(default=1, gt=0)
    stem_stride: int = Field(default=1, ge=1, le=4)


class Photographic(_Part):
    """A network for photographs from Keras applications, `training.networks.photographs`.

    Attributes
    ----------
    kind : str
    dropout : float
        Share of the features that each training step hides.
    """

    kind: Literal["mobilenet-v3", "efficientnet-v2", "resnet-50", "resnet-101"]
    dropout: Share = 0.2


class Data(_Part):
    """Where pictures come from and what becomes of them.

    Attributes
    ----------
    archive : str
        File name of the archive that has the labels: a CIFAR archive, or a folder a label.
    labels : tuple of str
        In the order of the network's outputs; none means every class of the archive.
    related : tuple of str
        File names of archives whose other classes are pretrained on and serve as outliers; may name ``archive``.
    width, height : int
        Of the pictures that the network eats, in pixels.
    validation_share : float
        Share of the training pictures that is held out for calibration and thresholds.
    test_share : float
        Share that is held out for the figures where the archive has no test part.
    train_per_class : int or None
        Number of pictures of a class to train and validate on, the rest being the test part, instead of ``test_share``.
    drop_alike : bool
        Whether training pictures that nearly repeat a held-out one are left out. Not for pictures that are all alike.
    unseen_classes : int
        Classes of the first related archive that training never sees; they show what a strange picture leads to.
    drawn_train, drawn_held_out : int
        Drawn pictures of each kind for training, and for validation and test each.
    """

    archive: str
    labels: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    width: int = Field(default=32, ge=16, le=512)
    height: int = Field(default=32, ge=16, le=512)
    validation_share: Share
    test_share: Share = 0.0
    train_per_class: int | None = Field(default=None, gt=1)
    drop_alike: bool = True
    unseen_classes: int = 0
    drawn_train: int = 0
    drawn_held_out: int = 0


class Augmentation(_Part):
    """How much pictures change.

    Attributes
    ----------
    mirror : bool
        Whether half of the pictures are mirrored.
    shift : int
        Pixels, as He et al. 2016 for CIFAR: a crop of the padded picture.
    hole : int
        Side in pixels of the square that is hidden in half of the pictures (DeVries and Taylor 2017,
        arXiv:1708.04552).
    contrast : float
        Largest relative change.
    brightness : float
        Largest change, of 255.
    operations, magnitude : int
        RandAugment's two numbers (Cubuk et al. 2020, arXiv:1909.13719): operations on each picture, and their
        strength of 30. No operations switch it off.
    """

    mirror: bool = True
    shift: int = 4
    hole: int = 12
    contrast: float = 0.25
    brightness: float = 24.0
    operations: int = Field(default=0, ge=0, le=4)
    magnitude: int = Field(default=9, ge=0, le=30)


class Phase(_Part):
    """One of the two parts of a run: pretraining on the related classes, then fine-tuning.

    Attributes
    ----------
    steps : int
        Number of batches.
    peak_learning_rate : float
        Reached after a tenth of the steps, then a cosine to zero. SGD with Nesterov momentum 0.9, or AdamW.
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

    photographs: int = Field(gt=0)
    drawings: int = 0
    photographed_outliers: int = 0
    drawn_outliers: int = 0


class FineTuning(Phase):
    """Telling the labels apart, and from everything else.

    Attributes
    ----------
    batch : BatchShares
    auxiliary_weight : float
        Weight of the second task, naming a photograph's class among all.
    patience : int or None
        Early stopping: evaluations on validation in a row without a better accuracy before the run ends with the best
        weights. None trains to the end.
    """

    batch: BatchShares
    auxiliary_weight: float = Field(default=0.0, ge=0)
    patience: int | None = Field(default=None, gt=0)


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
    name : str
        The classifier; the file's name.
    seed : int
        Decides splits, drawn pictures, weights and the order of batches.
    optimizer : str
        ``sgd`` or ``adamw``.
    weight_decay : float
        Share of each weight that one step at learning rate 1 takes away.
    ema : float
        Momentum of the running mean over the weights, which is what ships.
    mirrored_mean : bool
        Whether the network that ships averages its answers for a picture and its mirror image.
    precision : float
        Precision that each label's threshold must reach on validation.
    kept : float
        Share of validation pictures that the energy threshold must keep.
    shortened : bool
        Whether this is the quick form of the recipe.
    """

    name: str
    seed: int
    optimizer: Literal["sgd", "adamw"] = "sgd"
    weight_decay: float
    ema: Share
    mirrored_mean: bool = False
    precision: float = 0.99
    kept: float = 0.95
    shortened: bool = False
    card: Card
    data: Data
    network: Residual | Photographic = Field(discriminator="kind")
    augmentation: Augmentation = Augmentation()
    pretraining: Pretraining | None = None
    fine_tuning: FineTuning

    def quick(self) -> Recipe:
        """Give the same recipe with a sixteenth of the steps and drawn pictures: to try things out."""
        fewer = {"drawn_train": self.data.drawn_train // _QUICKER}
        shortened = self.with_steps(1 / _QUICKER)
        # A mean over as many steps as the whole recipe's would hardly leave the first weights.
        ema = 1 - min(0.5, _QUICKER * (1 - self.ema))
        changed = {"shortened": True, "ema": ema, "data": self.data.model_copy(update=fewer)}
        return shortened.model_copy(update=changed)

    def with_steps(self, share: float) -> Recipe:
        """Give the same recipe with a share of the steps of each phase, at least one."""

        def scaled(phase: Phase) -> Phase:
            return phase.model_copy(update={"steps": max(1, round(phase.steps * share))})

        pretraining = scaled(self.pretraining) if self.pretraining else None
        return self.model_copy(update={"pretraining": pretraining, "fine_tuning": scaled(self.fine_tuning)})


def recipes() -> list[str]:
    """List the names of all recipes."""
    return sorted(path.stem for path in RECIPES.glob("*.toml"))


def load_recipe(name: str) -> Recipe:
    """Read a recipe.

    Raises
    ------
    SettingsError
        If there is none, or it is wrong.
    """
    if name not in recipes():
        raise SettingsError(f"no recipe for {name!r}; there are {', '.join(recipes())}")
    path = RECIPES / f"{name}.toml"
    try:
        return Recipe.model_validate({"name": name, **tomllib.loads(path.read_text())})
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise SettingsError(f"{path.name}: {error}") from error
