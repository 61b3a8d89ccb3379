"""Trains a recipe anew and takes its figures from the package's manifest."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from signpost.model.package import open_package
from training.benchmark.machine import machine, run_measured


def measure_accuracy(recipe: str, data: Path, out: Path) -> dict[str, Any]:
    """Train a recipe in a process of its own.

    Parameters
    ----------
    recipe : str
    data : Path
        Folder of the archives.
    out : Path
        Folder of the package.

    Returns
    -------
    dict
        ``test`` (figures of the test photographs), ``strange``, ``train_n``, ``parameters``, ``bytes`` of the package,
        ``seconds``, ``peak_mb``, ``official`` (whether all archives are), ``git_revision`` and ``machine``.
    """
    command = [sys.executable, "-m", "training", recipe, "--data", str(data), "--out", str(out)]
    measured = run_measured(command)
    manifest = open_package(out).manifest
    return {
        "test": manifest.metrics["test"]["photographs"],
        "strange": manifest.metrics["strange"],
        "train_n": manifest.data["counts"]["train"]["photographs"],
        "parameters": manifest.metrics["parameters"],
        "bytes": sum(file.stat().st_size for file in out.iterdir()),
        "seconds": round(measured.seconds),
        "peak_mb": round(measured.peak_mb),
        "official": all(archive["official"] for archive in manifest.data["archives"]),
        "git_revision": manifest.git_revision,
        "machine": machine(),
    }
