"""``[classifiers.<name>.training]``: how a classifier is trained in the cloud, and what its model must reach."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from signpost.settings.types import ArchiveName, Different, ImageUri, InstanceType, Probability

_DAY_MINUTES = 24 * 60


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class GateSettings(_Table):
    """What a trained model must reach on the test pictures, or it is neither registered nor shipped.

    Attributes
    ----------
    min_accuracy : float
    max_calibration_error : float
        Expected calibration error.
    max_changed_decisions : float
        Share of validation decisions that the export to LiteRT changed.
    max_probability_shift : float
        Furthest that the export moved a probability.
    max_accuracy_loss : float
        How much less accurate than the model in production it may be, on the same pictures; 0 is "not worse".
    """

    min_accuracy: Probability = 0.9
    max_calibration_error: Probability = 0.05
    max_changed_decisions: Probability = 0.005
    max_probability_shift: Probability = 0.1
    max_accuracy_loss: Probability = 0.0


class TrainingSettings(_Table):
    """How a training job runs on SageMaker.

    Attributes
    ----------
    archives : list of str
        Files that the recipe names; they lie in the models bucket under ``data/<classifier>/``.
    instance_type, instances, volume_gb
        The machines.
    strategy : str
        See `docs/training.md`; all but ``single`` need several instances.
    spot : bool
        Whether to use spot capacity: cheaper, interrupted at times, continued from checkpoints.
    max_runtime_minutes, max_wait_minutes : int
        When the job is stopped; with ``spot``, how long it may take with the waiting for capacity.
    approval : {"manual", "automatic"}
        Whether a person approves the model in the registry before it ships.
    approval_days : int
        How long the machine waits for that person.
    image_uri : str or None
        Container image; None builds ``training/Dockerfile``.
    quick : bool
        Whether the recipe's short form is trained, to try the way out.
    """

    archives: Annotated[list[ArchiveName], Different] = Field(min_length=1, max_length=20)
    instance_type: InstanceType = "ml.m5.xlarge"
    instances: int = Field(default=1, ge=1, le=20)
    volume_gb: int = Field(default=30, ge=5, le=1000)
    strategy: Literal["single", "multi-worker", "parameter-server", "parameter-server-sync"] = "single"
    spot: bool = False
    max_runtime_minutes: int = Field(default=60, ge=1, le=5 * _DAY_MINUTES)
    max_wait_minutes: int = Field(default=120, ge=1, le=5 * _DAY_MINUTES)
    approval: Literal["manual", "automatic"] = "manual"
    approval_days: int = Field(default=7, ge=1, le=14)
    image_uri: ImageUri | None = None
    quick: bool = False
    gate: GateSettings = GateSettings()

    @model_validator(mode="after")
    def _consistent(self) -> TrainingSettings:
        if (self.strategy == "single") != (self.instances == 1):
            raise ValueError(
                f'strategy "{self.strategy}" with {self.instances} instances; '
                'allowed are "single" with 1 and the others with 2 or more'
            )
        if self.spot and self.max_wait_minutes < self.max_runtime_minutes:
            raise ValueError(
                f"max_wait_minutes ({self.max_wait_minutes}) is below max_runtime_minutes "
                f"({self.max_runtime_minutes}), which it includes"
            )
        return self
