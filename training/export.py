"""Turns a Keras model into LiteRT files and chooses the one that ships."""

from __future__ import annotations

import io
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import keras  # pyright: ignore[reportMissingImports] - the training extra
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from signpost.errors import SignpostError
from signpost.model.predictor import quantise
from training.calibration import probabilities
from training.measure import Decider

Quantisation = Literal["float32", "dynamic-range", "int8"]
# An export may change this share of validation decisions, and move a probability by this much, and no more.
MAX_CHANGED = 0.005
MAX_SHIFT = 0.1
_TIMED_RUNS = 200


@dataclass(frozen=True)
class Export:
    """One LiteRT file and how it compares with the Keras model.

    Attributes
    ----------
    quantisation : str
    model : bytes
    decider : Decider
        Chosen for this file, as it would ship.
    changed : float
        Share of validation pictures, of a label or of none, whose decision (a label, or review) differs.
    shift : float
        Largest change of a calibrated probability on validation.
    milliseconds : float
        Median time of one picture on one thread of the machine that trained.
    """

    quantisation: Quantisation
    model: bytes
    decider: Decider
    changed: float
    shift: float
    milliseconds: float

    @property
    def faithful(self) -> bool:
        """Whether it stays within the bounds."""
        return self.changed <= MAX_CHANGED and self.shift <= MAX_SHIFT

    def summary(self) -> dict[str, Any]:
        """Give the figures for the manifest."""
        return {
            "bytes": len(self.model),
            "decisions_changed": round(self.changed, 5),
            "largest_probability_shift": round(self.shift, 4),
            "median_ms": round(self.milliseconds, 3),
            "faithful": self.faithful,
        }


def export_all(
    model: keras.Model,
    fit: Callable[[NDArray[np.float64]], Decider],
    samples: NDArray[np.uint8],
    known: NDArray[np.uint8],
    strange: NDArray[np.uint8],
) -> list[Export]:
    """Convert to float32, dynamic-range and int8, and compare each with the Keras model.

    Parameters
    ----------
    model : keras.Model
        From pixels to logits.
    fit : callable
        Chooses, from the logits of the known pictures, what turns logits into decisions. Each file is compared with the
        one that would ship with it.
    samples : ndarray of uint8, shape (n, height, width, 3)
        Training pictures that show int8 conversion the range of values.
    known, strange : ndarray of uint8, shape (m, height, width, 3)
        Validation pictures to compare on: those that decisions are chosen on, and all others.

    Returns
    -------
    list of Export
    """
    pictures = np.concatenate([known, strange])
    logits = keras_logits(model, pictures)
    expected = fit(logits[: len(known)]), logits
    kinds: tuple[Quantisation, ...] = ("float32", "dynamic-range", "int8")
    with tempfile.TemporaryDirectory() as folder:
        _write_inference_graph(model, folder)
        return [
            _compare(kind, _convert(folder, kind, samples), lambda found: fit(found[: len(known)]), pictures, expected)
            for kind in kinds
        ]


def choose(exports: list[Export]) -> Export:
    """Choose the fastest export that is faithful, of those at most a tenth slower the smallest.

    Raises
    ------
    SignpostError
        If none is faithful: nothing ships.
    """
    faithful = [export for export in exports if export.faithful]
    if not faithful:
        raise SignpostError(f"no export is faithful to the model: {[export.summary() for export in exports]}")
    best = min(export.milliseconds for export in faithful)
    return min((e for e in faithful if e.milliseconds <= 1.1 * best), key=lambda export: len(export.model))


def keras_logits(model: keras.Model, pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Run a Keras model on pixels."""
    network: Any = model  # Keras' annotations say that verbose is a text
    return network.predict(pictures.astype(np.float32), batch_size=256, verbose=0).astype(np.float64)


def litert_logits(model: bytes, pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Run a LiteRT model on pixels, one picture at a time."""
    return _run(model, pictures)[0]


def keras_file(model: keras.Model) -> bytes:
    """Save structure and weights, without the optimiser's state, as a ``.keras`` file.

    Keras stores its parts uncompressed and stamps them with the time; packed again they are a quarter smaller and the
    same for the same weights.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path, include_optimizer=False)
        packed = io.BytesIO()
        with zipfile.ZipFile(path) as parts, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as out:
            for name in parts.namelist():
                out.writestr(zipfile.ZipInfo(name), parts.read(name), zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _write_inference_graph(model: keras.Model, folder: str) -> None:
    """Write a graph that can only infer: exporting the model itself would keep its training behaviour."""
    graph: Any = keras.export.ExportArchive()  # its methods depend on the backend
    graph.track(model)
    signature = [tf.TensorSpec((1, *model.input_shape[1:]), tf.float32)]
    graph.add_endpoint("serve", lambda pixels: model(pixels, training=False), signature)
    graph.write_out(folder, verbose=False)


def _convert(folder: str, kind: Quantisation, samples: NDArray[np.uint8]) -> bytes:
    converter = tf.lite.TFLiteConverter.from_saved_model(folder)
    if kind != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if kind == "int8":
        # Black and white pin the input's scale to exactly 1, so that bytes enter the network as they are.
        extremes = np.stack([np.zeros_like(samples[0]), np.full_like(samples[0], 255)])
        shown = np.concatenate([extremes, samples]).astype(np.float32)
        converter.representative_dataset = lambda: ([sample[np.newaxis]] for sample in shown)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.uint8
    return converter.convert()


def _compare(
    kind: Quantisation,
    model: bytes,
    fit: Callable[[NDArray[np.float64]], Decider],
    pictures: NDArray[np.uint8],
    expected: tuple[Decider, NDArray[np.float64]],
) -> Export:
    logits, milliseconds = _run(model, pictures)
    found = fit(logits), logits
    before, after = (decider.decide(logits) for decider, logits in (expected, found))
    shift = np.abs(np.subtract(*(probabilities(logits, decider.temperature) for decider, logits in (expected, found))))
    return Export(kind, model, found[0], float((before != after).mean()), float(shift.max()), milliseconds)


def _run(model: bytes, pictures: NDArray[np.uint8]) -> tuple[NDArray[np.float64], float]:
    """Logits of every picture, and the median milliseconds of the first runs."""
    interpreter = Interpreter(model_content=model, num_threads=1)
    interpreter.allocate_tensors()
    source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    logits, times = [], []
    for picture in pictures:
        interpreter.set_tensor(source["index"], quantise(picture[np.newaxis], source))
        start = time.perf_counter()
        interpreter.invoke()
        times.append(time.perf_counter() - start)
        logits.append(interpreter.get_tensor(target["index"])[0].astype(np.float64))
    return np.stack(logits), float(np.median(times[:_TIMED_RUNS])) * 1000
