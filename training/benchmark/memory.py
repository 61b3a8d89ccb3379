"""Measures the memory of training on the whole of CIFAR-100, whose place noise of the same size takes."""

from __future__ import annotations

import io
import pickle
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from training.benchmark.machine import machine, run_measured

_TRAIN, _TEST, _CLASSES = 50_000, 10_000, 100
_OWN = ("bicycle", "motorcycle")


def measure_memory() -> dict[str, Any]:
    """Run the quick form of the vehicle recipe on archives of the official sizes.

    Returns
    -------
    dict
        ``peak_mb`` (resident memory of the training process), ``pictures`` and ``machine``.
    """
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        write_noise(data, "cifar-100-python", _TRAIN, _TEST)
        write_noise(data, "cifar-10-python", _TRAIN, _TEST)
        command = [sys.executable, "-m", "training", "vehicle", "--quick", "--data", folder, "--out", f"{folder}/model"]
        measured = run_measured(command)
    return {"peak_mb": round(measured.peak_mb), "pictures": 2 * (_TRAIN + _TEST), "machine": machine()}


def write_noise(folder: Path, name: str, train: int, test: int) -> Path:
    """Write an archive in the layout of CIFAR-100 whose pictures are noise.

    Parameters
    ----------
    folder : Path
    name : str
        Of the archive, without its ending.
    train, test : int
        Numbers of pictures.

    Returns
    -------
    Path
        The archive.
    """
    others = [f"{name}-{number}" for number in range(_CLASSES - len(_OWN))]
    names = [label.encode() for label in (*_OWN, *others)]
    rng = np.random.default_rng(0)
    contents: dict[str, Any] = {"meta": {b"fine_label_names": names}}
    for part, count in (("train", train), ("test", test)):
        labels = [row % _CLASSES for row in range(count)]
        contents[part] = {b"data": rng.integers(0, 256, (count, 3072), np.uint8), b"fine_labels": labels}
    path = folder / f"{name}.tar.gz"
    with tarfile.open(path, "w:gz", compresslevel=1) as tar:
        for part, content in contents.items():
            pickled = pickle.dumps(content, protocol=2)
            info = tarfile.TarInfo(f"{name}/{part}")
            info.size = len(pickled)
            tar.addfile(info, io.BytesIO(pickled))
    return path
