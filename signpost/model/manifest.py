"""``manifest.json``: what a model package says about itself."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from signpost.settings.types import Probability, composed

Composed = Annotated[str, AfterValidator(composed)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class InputSpec(_Part):
    """What the network eats.

    The pixels are RGB bytes 0 to 255, height × width × 3; any scaling is inside the network, so that nothing outside
    it can get it wrong. ``resize`` names the way that `signpost.images.prepare.prepare` makes them.
    """

    width: int = Field(gt=0, le=1024)
    height: int = Field(gt=0, le=1024)
    resize: Literal["stretch"] = "stretch"


class OutOfDistribution(_Part):
    """The energy above which a picture is none of the labels (Liu et al. 2020, arXiv:2010.03759)."""

    method: Literal["energy"] = "energy"
    threshold: float


class Manifest(_Part):
    """A model package's description of itself.

    Attributes
    ----------
    name, version : str
        The model; the version is new whenever the weights are.
    labels : list of str
        In the order of the network's outputs, which are logits.
    temperature : float
        Logits are divided by it before softmax (Guo et al. 2017, arXiv:1706.04599).
    thresholds : dict of str to float
        Calibrated probability from which each label is routed.
    out_of_distribution : OutOfDistribution or None
        None where the package was not tested for it.
    quantisation : str
        Numbers inside ``model.tflite``.
    metrics, data, versions : dict
        What was measured, on what (sources, counts, fingerprint), with which libraries.
    files : dict of str to str
        SHA-256 of every other file of the package.
    """

    format: Literal[1] = 1
    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,40}$")
    version: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,60}$")
    labels: list[Composed] = Field(min_length=2)
    input: InputSpec
    temperature: float = Field(gt=0)
    thresholds: dict[Composed, Probability]
    out_of_distribution: OutOfDistribution | None = None
    quantisation: Literal["float32", "dynamic-range", "int8"]
    metrics: dict[str, Any]
    data: dict[str, Any]
    git_revision: str
    versions: dict[str, str]
    created: datetime
    files: dict[str, str]

    @model_validator(mode="after")
    def _labels_and_thresholds_agree(self) -> Manifest:
        if len(set(self.labels)) != len(self.labels):
            raise ValueError(f"labels repeat: {self.labels}")
        if set(self.thresholds) != set(self.labels):
            raise ValueError(f"thresholds name {sorted(self.thresholds)}, labels are {sorted(self.labels)}")
        return self
