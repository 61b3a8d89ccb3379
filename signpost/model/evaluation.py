"""The untouched test pictures of a training run, and what a package makes of them. No TensorFlow.

A training job leaves them as ``evaluation.npz``, so that its model and the one in production can be measured on the
very same pictures.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from signpost.errors import DatasetError, IncomparableError
from signpost.model.metrics import confusion_matrix, expected_calibration_error, macro_f1, share
from signpost.model.package import Package
from signpost.model.predictor import Predictor, interpret
from signpost.routing.contracts import Prediction
from signpost.routing.decision import doubt

EVALUATION = "evaluation.npz"
# 2,000 photographs of 224 pixels, or 100,000 pictures of 32.
MAX_BYTES = 320 * 2**20
_MAX_HEADER_BYTES = 10_000
_MAX_LABELS, _LONGEST_LABEL = 1000, 61
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)


@dataclass(frozen=True)
class EvaluationSet:
    """Pictures that training used for nothing.

    Attributes
    ----------
    labels : tuple of str
        In the order that ``truth`` counts in.
    images : ndarray of uint8, shape (n, height, width, 3)
        Prepared pictures, RGB.
    truth : ndarray of int64, shape (n,)
        Index of each picture's label.
    strange : ndarray of uint8, shape (m, height, width, 3)
        Prepared pictures that belong to no label; there may be none.
    """

    labels: tuple[str, ...]
    images: NDArray[np.uint8]
    truth: NDArray[np.int64]
    strange: NDArray[np.uint8]

    def __post_init__(self) -> None:
        """Check that the parts fit together.

        Raises
        ------
        DatasetError
            Saying which part does not.
        """
        shape = self.images.shape
        if self.images.ndim != 4 or shape[3] != 3 or not all(shape):
            raise DatasetError(f"test pictures have the shape {shape}; allowed is (n, height, width, 3) with n above 0")
        if self.strange.ndim != 4 or self.strange.shape[1:] != shape[1:]:
            raise DatasetError(f"strange pictures have the shape {self.strange.shape}, the others {shape}")
        if self.images.dtype != np.uint8 or self.strange.dtype != np.uint8:
            raise DatasetError(f"pictures are {self.images.dtype} and {self.strange.dtype}; allowed is uint8")
        if not 2 <= len(self.labels) <= _MAX_LABELS or len(set(self.labels)) != len(self.labels):
            raise DatasetError(f"there are {len(self.labels)} labels; allowed are 2 to {_MAX_LABELS} different ones")
        if self.truth.dtype != np.int64 or self.truth.shape != (shape[0],):
            raise DatasetError(f"truth is {self.truth.dtype} {self.truth.shape}; expected is int64 ({shape[0]},)")
        if self.truth.min() < 0 or self.truth.max() >= len(self.labels):
            raise DatasetError(
                f"truth names labels from {self.truth.min()} to {self.truth.max()} of {len(self.labels)}"
            )

    def write(self, path: Path) -> None:
        """Write the set as a compressed ``.npz``.

        Parameters
        ----------
        path : Path
            File to write; its folder must exist.

        Raises
        ------
        DatasetError
            If the pictures are more than a reader accepts.
        """
        _check_total(self.images.nbytes + self.strange.nbytes + self.truth.nbytes)
        with path.open("wb") as file:
            np.savez_compressed(
                file, labels=np.array(self.labels), images=self.images, truth=self.truth, strange=self.strange
            )

    @staticmethod
    def read(content: bytes) -> EvaluationSet:
        """Read a set as hostile: no pickles, and no memory for sizes that are only claimed.

        Parameters
        ----------
        content : bytes
            Of an ``.npz`` file.

        Returns
        -------
        EvaluationSet

        Raises
        ------
        DatasetError
            If it is damaged, too large or holds something else.
        """
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                _check_total(sum(member.file_size for member in archive.infolist()))
                labels = _array(archive, "labels", "U")
                parts = {name: _array(archive, name, kind) for name, kind in _KINDS.items()}
        except _BROKEN as error:
            raise DatasetError(f"{EVALUATION} is damaged or no .npz: {error}") from error
        if labels.ndim != 1 or labels.dtype.itemsize > 4 * _LONGEST_LABEL:
            raise DatasetError(f"{EVALUATION}: labels must be one row of names of up to {_LONGEST_LABEL} characters")
        return EvaluationSet(labels=tuple(map(str, labels)), **parts)


_KINDS = {"images": "u1", "truth": "i8", "strange": "u1"}


def measure(package: Package, pictures: EvaluationSet) -> dict[str, Any]:
    """Measure a package on a set, with the predictor that routing uses.

    Parameters
    ----------
    package : Package
    pictures : EvaluationSet
        Of the package's labels, in any order, and its input size.

    Returns
    -------
    dict
        ``n``, ``accuracy``, ``macro_f1``, ``ece`` (calibration error), ``review`` (share that is not routed),
        ``precision_routed`` (share of right labels among the routed; None where none is) and ``strange``: ``n`` and
        ``routed_by_mistake`` (None where there are none). Shares lie between 0 and 1; each ``…_95`` is the 95 % Wilson
        interval of the share before it.

    Raises
    ------
    IncomparableError
        If labels or input size differ.
    PackageError
        If the model can't be loaded.
    """
    manifest = package.manifest
    if set(manifest.labels) != set(pictures.labels):
        known, asked = ", ".join(sorted(manifest.labels)), ", ".join(sorted(pictures.labels))
        raise IncomparableError(f"the model {manifest.version} knows {known}, but the test pictures are of {asked}")
    height, width = pictures.images.shape[1:3]
    if (manifest.input.height, manifest.input.width) != (height, width):
        size = f"{manifest.input.width} × {manifest.input.height}"
        raise IncomparableError(
            f"the model {manifest.version} takes {size} pixels, but the test pictures have {width} × {height}"
        )
    predictor = Predictor(package)
    found = [interpret(predictor.logits(image), manifest) for image in pictures.images]
    strange = [interpret(predictor.logits(image), manifest) for image in pictures.strange]
    figures = measure_predictions(pictures.labels, pictures.truth, found)
    del figures["confusion"]  # grows with the square of the labels, and a machine's state may not
    mistakes = share("routed_by_mistake", sum(map(_routed, strange)), len(strange))
    return figures | {"strange": {"n": len(strange), **mistakes}}


def measure_predictions(labels: Sequence[str], truth: NDArray[np.int64], found: Sequence[Prediction]) -> dict[str, Any]:
    """Put figures to predictions.

    Parameters
    ----------
    labels : sequence of str
        In the order that ``truth`` counts in.
    truth : ndarray of int64, shape (n,)
        Index of each picture's label.
    found : sequence of Prediction, length n
        At least one.

    Returns
    -------
    dict
        See `measure`, without ``strange``; and ``confusion`` (row: true label, column: predicted label).
    """
    best = np.array([labels.index(prediction.label) for prediction in found], np.int64)
    routed, right = np.array([_routed(prediction) for prediction in found]), best == truth
    confusion = confusion_matrix(truth, best, len(labels))
    return {
        "n": len(found),
        **share("accuracy", int(right.sum()), len(found)),
        "macro_f1": round(macro_f1(confusion), 4),
        "ece": round(expected_calibration_error([prediction.confidence for prediction in found], right), 4),
        **share("review", int((~routed).sum()), len(found)),
        **share("precision_routed", int((routed & right).sum()), int(routed.sum())),
        "confusion": confusion.tolist(),
    }


def _routed(prediction: Prediction) -> bool:
    return doubt(prediction, prediction.threshold) is None


def _array(archive: zipfile.ZipFile, name: str, kind: str) -> NDArray[Any]:
    """Read one array, having checked its header against the bytes that are there."""
    try:
        info = archive.getinfo(f"{name}.npy")
    except KeyError as error:
        raise DatasetError(f"{EVALUATION} has no {name}") from error
    with archive.open(info) as member:
        shape, fortran, dtype = _header(member)
        if fortran or dtype.str.lstrip("<|")[: len(kind)] != kind or dtype.hasobject:
            raise DatasetError(f"{EVALUATION}: {name} is {dtype.str}; expected is {kind}")
        size = int(np.prod(shape, dtype=object)) * dtype.itemsize
        if size != info.file_size - member.tell():
            raise DatasetError(f"{EVALUATION}: {name} claims {size:,} bytes and has others")
        return np.frombuffer(member.read(size), dtype).reshape(shape)


def _header(member: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(member)
    if version != (1, 0):
        raise DatasetError(f"{EVALUATION}: an array has the format {version}; allowed is (1, 0)")
    return np.lib.format.read_array_header_1_0(member, max_header_size=_MAX_HEADER_BYTES)


def _check_total(size: int) -> None:
    if size > MAX_BYTES:
        raise DatasetError(f"the test pictures have {size:,} bytes; at most {MAX_BYTES:,} are allowed")
