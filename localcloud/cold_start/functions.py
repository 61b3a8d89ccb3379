"""The functions that are measured, each with what it is asked and told."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from pydantic import BaseModel

from signpost.model.known_pictures import KnownPicture, read_known_pictures
from signpost.model.package import open_package
from signpost.model.predictor import Predictor
from signpost.routing.contracts import Answer
from signpost.settings.hosting import Hosting
from signpost.settings.lambda_config import ClassifyConfiguration, InputSize, SerializeConfiguration
from signpost.settings.limits import LimitSettings
from stacks.constructs.wheels import BASE, WITH_MODEL

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "models" / "vehicle"
_BUCKET, _ID = "pictures", "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class Function:
    """A function to measure.

    Attributes
    ----------
    title : str
        As the page calls it.
    handler : str
        Folder in ``lambdas/``.
    requirements : sequence of str
        See `stacks.constructs.bundling.bundle`.
    event : dict or None
        What it is asked; None where it is only made ready, as no picture waits for it.
    expected : str
        What its answer must contain.
    configuration : BaseModel or None
        What the stacks tell it.
    model, known_pictures : Path or None
        See `stacks.constructs.bundling.bundle`.
    """

    title: str
    handler: str
    requirements: Sequence[str]
    event: dict[str, Any] | None = None
    expected: str = "null"
    configuration: BaseModel | None = None
    model: Path | None = None
    known_pictures: Path | None = None


def known_picture() -> KnownPicture:
    """Return the picture that all are asked about."""
    return read_known_pictures(PACKAGE)[0]


def known_answer(picture: KnownPicture) -> Answer:
    """Answer as the model's endpoint would."""
    predictor = Predictor(open_package(PACKAGE))
    predictions = predictor.predict([Image.open(io.BytesIO(picture.png)).convert("RGB")])
    return Answer(predictions=predictions, model=predictor.model, timings_ms={"invoke": 0.1})


def functions(picture: KnownPicture, answer: Answer) -> list[Function]:
    """List the functions, those that a picture waits for first.

    Parameters
    ----------
    picture : KnownPicture
        What they are asked about.
    answer : Answer
        What its model says.

    Returns
    -------
    list of Function
    """
    size = open_package(PACKAGE).manifest.input
    serialize = SerializeConfiguration(
        default_classifier="vehicle",
        inputs={"vehicle": InputSize(width=size.width, height=size.height)},
        switched_off=[],
        incoming_bucket=_BUCKET,
        source_buckets=[],
        scratch_bucket=_BUCKET,
        limits=LimitSettings(),
    )
    inside = ClassifyConfiguration(hosting=Hosting.LAMBDA, scratch_bucket=_BUCKET)
    asking = ClassifyConfiguration(hosting=Hosting.REALTIME, endpoint="vehicle", scratch_bucket=_BUCKET)
    prepared = {
        "decision_id": _ID,
        "prepared": {"inline": base64.b64encode(picture.png).decode()},
        "timings_ms": {"serialize": 1.0},
    }
    label = f'"label": "{picture.label}"'
    decided = {
        "decision_id": _ID,
        "classifier": "vehicle",
        "image": {"bucket": _BUCKET, "key": picture.name},
        "prediction": answer.predictions[0].model_dump(),
        "model": answer.model.model_dump(),
        "routes": {picture.label: "somewhere"},
        "thresholds": {},
        "timings_ms": {},
    }
    stored = {"s3_bucket": _BUCKET, "s3_key": picture.name}
    archives = {"bucket": _BUCKET, "prefix": "", "archives": [picture.name]}
    return [
        Function("Serialize", "serialize", [*BASE, "pillow"], stored, '"decision": null', serialize),
        Function("Classify, predictor inside", "classify", WITH_MODEL, prepared, label, inside, model=PACKAGE),
        Function("Classify, asks an endpoint", "classify", BASE, prepared, label, asking),
        Function("Filter", "filter", BASE, decided, label),
        Function("CheckData", "check_data", BASE, archives, '"fingerprint"'),
        Function("Evaluate", "evaluate", WITH_MODEL),
        Function("SmokeTest", "smoke_test", WITH_MODEL),
        Function("KnownPictures", "known_pictures", BASE, known_pictures=PACKAGE),
    ]
