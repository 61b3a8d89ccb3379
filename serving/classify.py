"""Answers one request with the model."""

from __future__ import annotations

import time
from collections.abc import Sequence

from PIL import Image

from serving.errors import refuse_picture
from serving.instances import read_instances
from signpost.contracts import Answer
from signpost.errors import PictureError
from signpost.imaging import prepare
from signpost.limits import Limits
from signpost.predictor import Predictor


def classify(predictor: Predictor, limits: Limits, body: bytes, *, instances: bool, arrived: float) -> Answer:
    """Classify what a request carries.

    Parameters
    ----------
    predictor : Predictor
        The loaded model.
    limits : Limits
        What a picture may cost.
    body : bytes
        A picture, or JSON instances.
    instances : bool
        Whether it is JSON.
    arrived : float
        When the request had come in, in seconds of the monotonic clock.

    Returns
    -------
    Answer
        Timings are totals over the pictures; ``queue`` is what passed before the first was decoded.

    Raises
    ------
    RequestError
        If a picture or the JSON can't be used.
    """
    started = time.monotonic()
    files = read_instances(body) if instances else [body]
    images = [_prepare(predictor, limits, files, index, numbered=instances) for index in range(len(files))]
    decoded = time.monotonic()
    predictions = predictor.predict(images)
    invoked = time.monotonic()
    timings = {"queue": started - arrived, "decode": decoded - started, "invoke": invoked - decoded}
    rounded = {name: round(1000 * seconds, 3) for name, seconds in timings.items()}
    return Answer(predictions=predictions, model=predictor.model, timings_ms=rounded)


def _prepare(
    predictor: Predictor, limits: Limits, files: Sequence[bytes], index: int, *, numbered: bool
) -> Image.Image:
    size = predictor.manifest.input
    try:
        return prepare(files[index], size.width, size.height, limits)
    except PictureError as error:
        raise refuse_picture(error, f"instances[{index}]" if numbered else "") from error
