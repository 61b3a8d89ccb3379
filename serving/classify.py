"""Answers requests with the model."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from PIL import Image

from serving.errors import RequestError, refuse_picture
from serving.frames import Kind, Request
from serving.instances import read_instances
from signpost.errors import PictureError
from signpost.images.limits import Limits
from signpost.images.prepare import prepare
from signpost.model.predictor import Predictor
from signpost.routing.contracts import Answer, Prediction


class _Decoded(NamedTuple):
    """The pictures of one request, and the seconds before and while they were decoded."""

    images: list[Image.Image]
    queue: float
    decode: float


def classify(
    predictor: Predictor, limits: Limits, requests: Iterable[tuple[Request, bytes]]
) -> list[Answer | RequestError]:
    """Classify what some requests carry: all are decoded, then all shown to the network.

    Each stage drives the others out of the processor's caches, so that one which has just run takes half the time.

    Parameters
    ----------
    predictor : Predictor
        The loaded model.
    limits : Limits
        What a picture may cost.
    requests : iterable of tuple of Request and bytes
        Head and body: a picture, or JSON instances.

    Returns
    -------
    list of Answer or RequestError
        One a request, in order; an error where its pictures or its JSON can't be used. Timings are totals over the
        pictures: ``queue`` is what passed before the first was decoded, ``invoke`` the pictures' share of the network's
        time.
    """
    decoded = [_decode(predictor, limits, request, body) for request, body in requests]
    images = [image for one in decoded if isinstance(one, _Decoded) for image in one.images]
    started = time.monotonic()
    predictions = iter(predictor.predict(images))
    each = (time.monotonic() - started) / max(1, len(images))
    return [
        _answer(predictor, one, list(islice(predictions, len(one.images))), each) if isinstance(one, _Decoded) else one
        for one in decoded
    ]


def _decode(predictor: Predictor, limits: Limits, request: Request, body: bytes) -> _Decoded | RequestError:
    started = time.monotonic()
    instances = request.kind == Kind.INSTANCES
    try:
        files = read_instances(body) if instances else [body]
        images = [_prepare(predictor, limits, files, index, numbered=instances) for index in range(len(files))]
    except RequestError as error:
        return error
    return _Decoded(images, started - request.arrived, time.monotonic() - started)


def _prepare(
    predictor: Predictor, limits: Limits, files: Sequence[bytes], index: int, *, numbered: bool
) -> Image.Image:
    size = predictor.manifest.input
    try:
        return prepare(files[index], size.width, size.height, limits)
    except PictureError as error:
        raise refuse_picture(error, f"instances[{index}]" if numbered else "") from error


def _answer(predictor: Predictor, decoded: _Decoded, predictions: list[Prediction], each: float) -> Answer:
    timings = {"queue": decoded.queue, "decode": decoded.decode, "invoke": each * len(predictions)}
    rounded = {name: round(1000 * seconds, 3) for name, seconds in timings.items()}
    return Answer(predictions=predictions, model=predictor.model, timings_ms=rounded)
