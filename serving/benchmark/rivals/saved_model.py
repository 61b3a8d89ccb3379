"""The SavedModel, served as usual: Pillow decodes the whole picture, TensorFlow runs the network."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image

# As many workers as cores are at it: threads of their own would only get into each other's way.
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)


class SavedModel:
    """Holds the graph that ``keras.export`` wrote, run once so that the first request need not trace it."""

    def __init__(self) -> None:
        manifest = json.loads((Path(os.environ["BENCHMARK_PACKAGE"]) / "manifest.json").read_text())
        self._labels: list[str] = manifest["labels"]
        self._temperature: float = manifest["temperature"]
        self._size = (manifest["input"]["width"], manifest["input"]["height"])
        self._graph = tf.saved_model.load(os.environ["BENCHMARK_SAVED_MODEL"])
        self._logits(np.zeros((*self._size[::-1], 3), np.float32))

    def classify(self, data: bytes) -> bytes:
        """Classify one picture.

        Parameters
        ----------
        data : bytes
            The file.

        Returns
        -------
        bytes
            JSON: ``{"predictions": [{"label", "confidence", "probabilities"}]}``.
        """
        image = Image.open(io.BytesIO(data)).convert("RGB").resize(self._size, Image.Resampling.BILINEAR)
        logits = self._logits(np.asarray(image, np.float32)) / self._temperature
        shares = np.exp(logits - logits.max())
        probabilities = dict(zip(self._labels, (shares / shares.sum()).tolist(), strict=True))
        label = max(probabilities, key=probabilities.__getitem__)
        prediction = {"label": label, "confidence": probabilities[label], "probabilities": probabilities}
        return json.dumps({"predictions": [prediction]}).encode()

    def _logits(self, pixels: np.ndarray) -> np.ndarray:
        return self._graph.serve(tf.constant(pixels[np.newaxis]))[0].numpy().astype(np.float64)
