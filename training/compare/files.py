"""The CSV files of a comparison: a line for each run, and one for each sample."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

from training.compare.plan import SAMPLES, Plan
from training.compare.result import RunResult, Usage
from training.compare.sampler import Sample, read_samples

_RUN = ("strategy", "repeat", "seed", "status")
_QUALITY = ("accuracy", "macro_f1", "test_pictures", "training_pictures", "fingerprint", "revision")
_COLUMNS = ("started", *_RUN, *Usage.model_fields, "training_seconds", "seconds_to_target", *_QUALITY, "error")


def write_runs(path: Path, results: Sequence[RunResult], target: float) -> None:
    """Write a line for each run.

    Parameters
    ----------
    path : Path
    results : sequence of RunResult
    target : float
        Validation accuracy; the training time to it is empty where it was not reached.
    """
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(_line(result, target) for result in results)


def _line(result: RunResult, target: float) -> dict[str, Any]:
    line = {name: getattr(result, name) for name in _RUN} | result.usage.model_dump()
    line |= {"started": result.started.isoformat(), "error": " ".join((result.error or "").split())}
    if quality := result.quality:
        line |= {name: getattr(quality, name) for name in _QUALITY}
        line |= {"training_seconds": quality.training_seconds, "seconds_to_target": quality.seconds_to(target)}
    return line


def write_samples(path: Path, plan: Plan) -> None:
    """Write a line for each process at each moment of each run.

    Parameters
    ----------
    path : Path
    plan : Plan
    """
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["strategy", "repeat", *(field.name for field in fields(Sample))])
        for run in plan.runs():
            for sample in read_samples(run.folder / SAMPLES):
                writer.writerow([run.strategy, run.repeat, *astuple(sample)])
