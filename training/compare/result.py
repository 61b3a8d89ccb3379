"""What one run came to, as it is kept in its folder."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from signpost.errors import TrainingError
from signpost.model.manifest import Manifest
from training.compare.plan import HISTORY, PACKAGE, RESULT
from training.recipe import FineTuning, Pretraining, Recipe


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Evaluation(_Part):
    """A line of the history, see `training.course.Evaluation`."""

    lesson: str
    step: int
    seconds: float
    loss: float
    accuracy: float


class Usage(_Part):
    """What a run took from the machine.

    Attributes
    ----------
    wall_seconds : float
        From starting the processes to their end: imports, data, training, evaluations, export and test.
    cpu_seconds : float
        Of all processes of the run, as the system counted them when they ended.
    others_cpu_seconds : float
        That everything else on the machine used in the same time; a busy machine slows a run down.
    peak_resident_bytes : int
        Largest sum over the processes at one sample. What processes share is counted in each.
    loopback_bytes : int
        Sent through the loopback interface in the meantime, by whatever program.
    """

    wall_seconds: float
    cpu_seconds: float
    others_cpu_seconds: float
    peak_resident_bytes: int
    loopback_bytes: int


class Quality(_Part):
    """How good the network became, and on what it was trained.

    Attributes
    ----------
    accuracy, macro_f1 : float
        Of the file that ships, on the test part.
    accuracy_95 : tuple of float
        Wilson interval of this one test part.
    test_pictures, training_pictures : int
        Pictures of the test part; pictures that training took, repeats counted.
    fingerprint : str
        Of all pictures, labels and parts.
    revision : str
        Commit of the program.
    history : tuple of Evaluation
    """

    accuracy: float
    accuracy_95: tuple[float, float]
    macro_f1: float
    test_pictures: int
    training_pictures: int
    fingerprint: str
    revision: str
    history: tuple[Evaluation, ...]

    @property
    def training_seconds(self) -> float:
        """Seconds of training alone."""
        return self.history[-1].seconds

    def seconds_to(self, target: float) -> float | None:
        """Give the seconds of training before validation accuracy first reached a target; None if it never did."""
        return next((evaluation.seconds for evaluation in self.judged if evaluation.accuracy >= target), None)

    @property
    def judged(self) -> tuple[Evaluation, ...]:
        """Evaluations of the labels; pretraining is judged by the classes that it names, which is another figure."""
        return tuple(evaluation for evaluation in self.history if evaluation.lesson != "pretraining")


class RunResult(_Part):
    """One run: done with a quality, or failed with an error."""

    status: Literal["done", "failed"]
    strategy: str
    repeat: int
    seed: int
    started: datetime
    usage: Usage
    quality: Quality | None = None
    error: str | None = None

    def write(self, folder: Path) -> None:
        """Keep it, whole or not at all."""
        fresh = folder / f"{RESULT}.new"
        fresh.write_text(self.model_dump_json(indent=2) + "\n")
        fresh.replace(folder / RESULT)


def read_result(folder: Path) -> RunResult | None:
    """Read what `RunResult.write` kept; None where there is nothing, or nothing that can be read."""
    try:
        return RunResult.model_validate_json((folder / RESULT).read_text())
    except (OSError, ValidationError):
        return None


def read_quality(folder: Path) -> Quality:
    """Read what a run left behind.

    Parameters
    ----------
    folder : Path
        Of the run, with the package and the history.

    Returns
    -------
    Quality

    Raises
    ------
    TrainingError
        If the run ended well and yet left no package, no history or no figures.
    """
    try:
        manifest = Manifest.model_validate_json((folder / PACKAGE / "manifest.json").read_text())
        lines = (folder / HISTORY).read_text().splitlines()
        history = tuple(Evaluation.model_validate_json(line) for line in lines)
        test = manifest.metrics["test"]["photographs"]
        recipe = Recipe.model_validate(manifest.data["recipe"])
        return Quality(
            accuracy=test["accuracy"],
            accuracy_95=test["accuracy_95"],
            macro_f1=test["macro_f1"],
            test_pictures=test["n"],
            training_pictures=_pictures(history, recipe, manifest.data["counts"]["train"]),
            fingerprint=manifest.data["fingerprint"],
            revision=manifest.git_revision,
            history=history,
        )
    except OSError as error:
        raise TrainingError(f"the run ended without {Path(error.filename).name}") from error
    except (KeyError, IndexError, ValidationError) as error:
        raise TrainingError(f"the run left a package or history that can't be read: {error!r}") from error


def _pictures(history: tuple[Evaluation, ...], recipe: Recipe, counts: dict[str, int]) -> int:
    """Count the pictures of all batches that were really done."""
    if not history:
        raise KeyError("the history is empty")
    steps = {evaluation.lesson: evaluation.step for evaluation in history}  # the last of each lesson
    phases = {"pretraining": recipe.pretraining, "fine-tuning": recipe.fine_tuning}
    return sum(step * _rows(phases[lesson], counts) for lesson, step in steps.items())


def _rows(phase: Pretraining | FineTuning | None, counts: dict[str, int]) -> int:
    """Give the pictures of a batch; a share of pictures that there are none of stays empty."""
    if phase is None:
        raise KeyError("a lesson that the recipe doesn't have")
    if isinstance(phase, Pretraining):
        return phase.batch
    return sum(rows for source, rows in phase.batch.model_dump().items() if counts.get(source))
