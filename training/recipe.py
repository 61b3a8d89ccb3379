"""What decides a training run, apart from the data."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class BatchShares(BaseModel):
    """How many rows of a batch come from where.

    Photographs and drawings, vehicles and outliers keep fixed shares, so that the larger heap can't drown the smaller.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    photographs: int = 44
    drawings: int = 24
    photographed_outliers: int = 44
    drawn_outliers: int = 16


class Recipe(BaseModel):
    """Settings of one training run.

    Attributes
    ----------
    seed : int
        Decides splits, drawn pictures, weights and the order of batches.
    steps : int
        Number of batches.
    peak_learning_rate : float
        Reached after a tenth of the steps, then a cosine to zero.
    weight_decay : float
        Share of each weight that one step at learning rate 1 takes away.
    auxiliary_weight : float
        Weight of the second task, naming the photograph's class among all of the archive's.
    validation_share : float
        Share of the archive's train split that is held out for calibration and thresholds.
    unseen_classes : int
        Outlier classes that training never sees; they show what a strange picture leads to.
    drawn_train, drawn_held_out : int
        Drawn pictures of each kind for training, and for validation and test each.
    precision : float
        Precision that each label's threshold must reach on validation.
    kept : float
        Share of validation vehicles that the energy threshold must keep.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = 7
    steps: int = Field(default=1800, gt=0)
    batch: BatchShares = BatchShares()
    peak_learning_rate: float = 0.12
    weight_decay: float = 5e-4
    auxiliary_weight: float = 0.5
    validation_share: float = Field(default=1 / 6, gt=0, lt=1)
    unseen_classes: int = 20
    drawn_train: int = 1200
    drawn_held_out: int = 200
    precision: float = 0.98
    kept: float = 0.95
