"""The LiteRT file, with Signpost's own decoder, predictor and answer: only the server differs."""

from __future__ import annotations

import os
import time
from pathlib import Path

from signpost.images.limits import Limits
from signpost.images.prepare import prepare
from signpost.model.package import open_package
from signpost.model.predictor import Predictor
from signpost.routing.contracts import Answer


class LiteRT:
    """Holds one interpreter; not for several threads at once."""

    def __init__(self) -> None:
        self._predictor = Predictor(open_package(Path(os.environ["BENCHMARK_PACKAGE"])))
        self._limits = Limits()

    def classify(self, data: bytes) -> bytes:
        """Classify one picture.

        Parameters
        ----------
        data : bytes
            The file.

        Returns
        -------
        bytes
            The JSON that Signpost's server answers.
        """
        size = self._predictor.manifest.input
        started = time.monotonic()
        image = prepare(data, size.width, size.height, self._limits)
        decoded = time.monotonic()
        predictions = self._predictor.predict([image])
        seconds = {"decode": decoded - started, "invoke": time.monotonic() - decoded}
        timings = {name: round(1000 * spent, 3) for name, spent in seconds.items()}
        answer = Answer(predictions=predictions, model=self._predictor.model, timings_ms=timings)
        return answer.model_dump_json().encode()
