"""Runs the model beside the event loop, on as many threads as there are cores."""

from __future__ import annotations

import queue
import time
from collections.abc import Sequence

from anyio import CapacityLimiter, to_thread

from serving.errors import RequestError, refuse_picture
from serving.instances import read_instances
from serving.negotiation import JSON
from signpost.contracts import Answer
from signpost.errors import PictureError
from signpost.imaging import prepare
from signpost.limits import Limits
from signpost.package import Package
from signpost.predictor import Predictor


class Inference:
    """A package's predictors: a predictor serves one thread at a time, so there is one a thread.

    Parameters
    ----------
    package : Package
        An opened package.
    limits : Limits
        What a picture may cost.
    threads : int
        Requests that are worked on at once.

    Raises
    ------
    PackageError
        If the model can't be loaded.
    """

    def __init__(self, package: Package, limits: Limits, threads: int) -> None:
        self.limits = limits
        predictors = [Predictor(package) for _ in range(threads)]
        self.model = predictors[0].model
        self._idle: queue.SimpleQueue[Predictor] = queue.SimpleQueue()
        for predictor in predictors:
            self._idle.put(predictor)
        self._limiter = CapacityLimiter(threads)

    async def answer(self, body: bytes, content_type: str) -> Answer:
        """Classify what a request carries.

        Parameters
        ----------
        body : bytes
            A picture, or JSON instances.
        content_type : str
            As `serving.negotiation.content_type` returns it.

        Returns
        -------
        Answer
            Timings are totals over the pictures.

        Raises
        ------
        RequestError
            If a picture or the JSON can't be used.
        """
        return await to_thread.run_sync(self._work, body, content_type, limiter=self._limiter)

    def _work(self, body: bytes, content_type: str) -> Answer:
        # The limiter admits as many threads as there are predictors, so one is always idle.
        predictor = self._idle.get()
        try:
            if content_type == JSON:
                return self._classify(predictor, read_instances(body), numbered=True)
            return self._classify(predictor, [body], numbered=False)
        finally:
            self._idle.put(predictor)

    def _classify(self, predictor: Predictor, files: Sequence[bytes], numbered: bool) -> Answer:
        size = predictor.manifest.input
        started = time.perf_counter()
        images = []
        for index, file in enumerate(files):
            try:
                images.append(prepare(file, size.width, size.height, self.limits))
            except PictureError as error:
                raise _refuse(error, index, numbered) from error
        decoded = time.perf_counter()
        predictions = predictor.predict(images)
        invoked = time.perf_counter()
        timings = {"decode": decoded - started, "invoke": invoked - decoded}
        rounded = {name: round(1000 * seconds, 3) for name, seconds in timings.items()}
        return Answer(predictions=predictions, model=self.model, timings_ms=rounded)


def _refuse(error: PictureError, index: int, numbered: bool) -> RequestError:
    return refuse_picture(error, f"instances[{index}]" if numbered else "")
