"""Asks an endpoint about a picture whose answer is known: what the package itself says of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PIL import Image

from signpost.errors import SmokeTestFailed
from signpost.images.prepare import encode_png
from signpost.model.artifacts import read_evaluation, read_model
from signpost.model.evaluation import EvaluationSet
from signpost.model.predictor import Predictor
from signpost.routing.contracts import Answer, Prediction
from signpost.routing.decision import doubt

Ask = Callable[[bytes], Answer]
_LOOKED_AT = 200
# Other processors round a little differently.
_CLOSE = 0.02


def smoke_test(s3: Any, model: str, output: str, version: str, ask: Ask) -> dict[str, Any]:
    """Compare an endpoint's answer with the package's own.

    Parameters
    ----------
    s3 : botocore.client.S3
        The client.
    model, output : str
        Where the training job's ``model.tar.gz`` and ``output.tar.gz`` are, as ``s3://…``.
    version : str
        Of the model that passed the gate.
    ask : callable
        Takes a PNG, gives the endpoint's answer.

    Returns
    -------
    dict
        ``label``, ``confidence`` and ``version`` that the endpoint gave.

    Raises
    ------
    SmokeTestFailed
        If the package is no longer the one that passed the gate, another model answers, or the right one answers
        something else.
    """
    predictor, pictures = Predictor(read_model(s3, model)), read_evaluation(s3, output)
    if predictor.model.version != version:
        raise SmokeTestFailed(f"{model} is now {predictor.model.version}; {version} passed the gate")
    image, expected = _known(predictor, pictures)
    answer = ask(encode_png(image))
    found = answer.predictions[0]
    if answer.model != predictor.model:
        raise SmokeTestFailed(f"the endpoint answers with {answer.model.version} instead of {version}")
    if found.label != expected.label or abs(found.confidence - expected.confidence) > _CLOSE:
        raise SmokeTestFailed(
            f"the endpoint says {found.label} ({found.confidence:.1%}) of a picture of which the package itself says "
            f"{expected.label} ({expected.confidence:.1%})"
        )
    return {"label": found.label, "confidence": round(found.confidence, 4), "version": version}


def _known(predictor: Predictor, pictures: EvaluationSet) -> tuple[Image.Image, Prediction]:
    """Choose a picture that the package is sure of, or the first one."""
    images = [Image.fromarray(pixels) for pixels in pictures.images[:_LOOKED_AT]]
    predictions = predictor.predict(images)
    for image, prediction in zip(images, predictions, strict=True):
        if doubt(prediction, prediction.threshold) is None:
            return image, prediction
    return images[0], predictions[0]
