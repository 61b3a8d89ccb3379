"""Runs a model package: pixels in, calibrated predictions out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from signpost.errors import PackageError
from signpost.model.manifest import Manifest
from signpost.model.package import Package
from signpost.routing.contracts import ModelRef, Prediction

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image


class Predictor:
    """A loaded model package.

    Not for use by several threads at once: the LiteRT interpreter keeps its tensors inside.

    Parameters
    ----------
    package : Package
        An opened package.

    Attributes
    ----------
    manifest : Manifest
        The package's.
    model : ModelRef
        Name and version, as decisions quote them.

    Raises
    ------
    PackageError
        If the model can't be loaded or its shapes are not those of the manifest.
    """

    def __init__(self, package: Package) -> None:
        self.manifest: Manifest = package.manifest
        self.model = ModelRef(name=self.manifest.name, version=self.manifest.version)
        try:
            self._interpreter = Interpreter(model_content=package.model, num_threads=1)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise PackageError(f"{self.manifest.name}: model.tflite can't be loaded: {error}") from error
        self._input = self._interpreter.get_input_details()[0]
        self._output = self._interpreter.get_output_details()[0]
        self._check_shapes()

    def predict(self, images: Sequence[Image.Image]) -> list[Prediction]:
        """Classify prepared pictures.

        Parameters
        ----------
        images : sequence of PIL.Image.Image
            Each as `signpost.images.prepare.prepare` made it for this manifest's input size.

        Returns
        -------
        list of Prediction
            One a picture, in order.
        """
        # Stage by stage: what has just run is still in the processor's caches.
        logits = [self.logits(pixels) for pixels in [np.asarray(image) for image in images]]
        return [interpret(one, self.manifest) for one in logits]

    def logits(self, pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Run the network on one picture.

        Parameters
        ----------
        pixels : ndarray of uint8, shape (height, width, 3)
            RGB, 0 to 255.

        Returns
        -------
        ndarray of float64, shape (labels,)
            Unscaled logits.
        """
        self._interpreter.set_tensor(self._input["index"], quantise(pixels[np.newaxis], self._input))
        self._interpreter.invoke()
        raw = self._interpreter.get_tensor(self._output["index"])[0].astype(np.float64)
        scale, zero = self._output["quantization"]
        return (raw - zero) * scale if scale else raw

    def _check_shapes(self) -> None:
        spec = self.manifest.input
        expected = ([1, spec.height, spec.width, 3], [1, len(self.manifest.labels)])
        found = (self._input["shape"].tolist(), self._output["shape"].tolist())
        if found != expected:
            raise PackageError(f"{self.manifest.name}: the model's shapes are {found}, the manifest says {expected}")


def interpret(logits: NDArray[np.float64], manifest: Manifest) -> Prediction:
    """Turn logits into a calibrated prediction.

    Parameters
    ----------
    logits : ndarray, shape (labels,)
        The network's outputs.
    manifest : Manifest
        Labels, temperature and thresholds.

    Returns
    -------
    Prediction
        Probabilities are softmax(logits / temperature) (Guo et al. 2017, arXiv:1706.04599); the energy is
        -log(sum(exp(logits))) (Liu et al. 2020, arXiv:2010.03759, temperature 1).
    """
    # A few labels are quicker in plain Python than in NumPy, which has to be brought back into the processor's caches
    # after the network ran.
    values = logits.tolist()
    top = max(values)
    scaled = [math.exp((value - top) / manifest.temperature) for value in values]
    total = sum(scaled)
    probabilities = [value / total for value in scaled]
    best = values.index(top)
    label = manifest.labels[best]
    strange = manifest.out_of_distribution
    return Prediction(
        label=label,
        confidence=probabilities[best],
        probabilities=dict(zip(manifest.labels, probabilities, strict=True)),
        threshold=manifest.thresholds[label],
        energy=-(top + math.log(sum(math.exp(value - top) for value in values))),
        energy_threshold=strange.threshold if strange else None,
    )


def quantise(pixels: NDArray[np.uint8], tensor: dict[str, Any]) -> NDArray[Any]:
    """Bring pixels into the type of a model's input: as floats, or by its scale and zero point.

    Parameters
    ----------
    pixels : ndarray of uint8
        0 to 255.
    tensor : dict
        LiteRT's details of the input: ``dtype``, and ``quantization``, a scale (0 where there is none) and a zero
        point.

    Returns
    -------
    ndarray
        Of the input's type and the pixels' shape.
    """
    dtype = tensor["dtype"]
    scale, zero = tensor["quantization"]
    if not scale or not np.issubdtype(dtype, np.integer):
        return pixels.astype(dtype)
    info = np.iinfo(dtype)
    return np.clip(np.round(pixels / scale + zero), info.min, info.max).astype(dtype)
