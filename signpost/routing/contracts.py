"""What travels: requests in, predictions between, decisions out.

The decision is the same JSON everywhere: state machine output, API answer, queue message and event detail.
"""

from __future__ import annotations

import uuid
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

# Any fixed UUID serves; it only has to stay the same for decision ids to stay the same.
_DECISIONS = uuid.UUID("6b9f5f0e-3c53-5d0a-9a65-6d1f7c1f6a11")


class Contract(BaseModel):
    """Base of the contracts: immutable, and unknown keys are an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Outcome(StrEnum):
    """How a picture ends. All three are answers, none is an exception."""

    ROUTED = "routed"
    REVIEW = "review"
    REJECTED = "rejected"


class Reason(Contract):
    """Why a picture was not routed: a stable code and a plain sentence."""

    code: str
    message: str


class ImageRef(Contract):
    """Where the picture lies and what it was.

    Attributes
    ----------
    bucket, key : str or None
        Its place in S3; None where the request named none.
    version_id : str or None
        Exact S3 version; None in a bucket without versions.
    sha256 : str or None
        Hex digest of the bytes; None where they were not read.
    """

    bucket: str | None
    key: str | None
    version_id: str | None = None
    sha256: str | None = None


class RoutingRequest(Contract):
    """One picture to route, whichever event asked for it."""

    s3_bucket: str
    s3_key: str
    version_id: str | None = None
    classifier: str


class ModelRef(Contract):
    """The model that answered."""

    name: str
    version: str


class Prediction(Contract):
    """What the model says of one picture.

    Attributes
    ----------
    label : str
        The most probable label.
    confidence : float
        Its calibrated probability, 0 to 1.
    probabilities : dict of str to float
        Calibrated probability of every label; they sum to 1.
    threshold : float
        Probability from which the package routes this label.
    energy : float
        Out-of-distribution score, ``-log(sum(exp(logits)))``: higher is stranger.
    energy_threshold : float or None
        Energy above which the picture counts as out of distribution; None where the package has no such test.
    """

    label: str
    confidence: float = Field(ge=0, le=1)
    probabilities: dict[str, float]
    threshold: float = Field(ge=0, le=1)
    energy: float
    energy_threshold: float | None = None


class Answer(Contract):
    """What a model server answers: one prediction a picture, in order."""

    predictions: list[Prediction]
    model: ModelRef
    timings_ms: dict[str, float]


class Decision(Contract):
    """Where one picture goes, and why."""

    decision_id: str
    image: ImageRef
    classifier: str | None
    outcome: Outcome
    route: str | None = None
    label: str | None = None
    confidence: float | None = None
    probabilities: dict[str, float] = Field(default_factory=dict)
    threshold: float | None = None
    reason: Reason | None = None
    model: ModelRef | None = None
    timings_ms: dict[str, float] = Field(default_factory=dict)


def decision_id(
    bucket: str | None, key: str | None, version: str | None, classifier: str | None, rejected: str | None = None
) -> str:
    """Name the decision of one picture by one classifier.

    The same picture always gets the same id, so a second request for it can be recognised (RFC 9562, version 5). A
    picture that came through the API has another: see `signpost.routing.object_keys`.

    Parameters
    ----------
    bucket, key : str or None
        Place of the picture.
    version : str or None
        Exact S3 version, or the ETag in a bucket without versions.
    classifier : str or None
        Name of the classifier.
    rejected : str or None
        Reason code of a rejection. What led to it may be set right later, so it does not stand for the picture.

    Returns
    -------
    str
        A UUID; also the ``InferenceId`` of the captured record.
    """
    parts = [bucket, key, version, classifier] + ([rejected] if rejected else [])
    # A length before each part keeps ("a/b", "c") and ("a", "b/c") apart.
    name = "/".join("-" if part is None else f"{len(part)}:{part}" for part in parts)
    return str(uuid.uuid5(_DECISIONS, name))
