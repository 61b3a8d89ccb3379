"""Asks the model inside this function: no endpoint, no idle cost."""

from __future__ import annotations

import io
import time
from pathlib import Path

from PIL import Image

from signpost.model.package import open_package
from signpost.model.predictor import Predictor
from signpost.routing.contracts import Answer


def load(folder: Path) -> Predictor:
    """Load the package that was bundled with the function.

    Parameters
    ----------
    folder : Path
        The package.

    Returns
    -------
    Predictor
    """
    return Predictor(open_package(folder))


def ask(predictor: Predictor, png: bytes) -> Answer:
    """Ask the model about one prepared picture.

    Parameters
    ----------
    predictor : Predictor
        The loaded model.
    png : bytes
        The prepared picture: made by Serialize, so already of the model's size.

    Returns
    -------
    Answer
    """
    started = time.perf_counter()
    predictions = predictor.predict([Image.open(io.BytesIO(png), formats=("PNG",)).convert("RGB")])
    return Answer(
        predictions=predictions,
        model=predictor.model,
        timings_ms={"invoke": round(1000 * (time.perf_counter() - started), 3)},
    )
