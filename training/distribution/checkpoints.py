"""What a run has reached, on the disk: written whole or not at all, and only ever gone on from by the same run."""

from __future__ import annotations

import hashlib
import os
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

if TYPE_CHECKING:
    from training.course import Course

_KEPT = 2  # should the newest be damaged, there is one before it
_COMPLETE = "complete"
_NAME = 16  # digits of a run's fingerprint that name its folder
_BROKEN = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error, ValidationError, RuntimeError)
Arrays = list[NDArray[np.generic]]


class Standing(BaseModel):
    """Where a run stands.

    Attributes
    ----------
    lesson : int
        Which of the course.
    step : int
        Batches done in it.
    seconds : float
        Spent on training so far, over all starts.
    best : float
        Highest accuracy on validation in this lesson.
    waited : int
        Evaluations since then.
    """

    model_config = ConfigDict(frozen=True)

    lesson: int = 0
    step: int = 0
    seconds: float = 0.0
    best: float = -1.0
    waited: int = 0


class Checkpoint(BaseModel):
    """All that a run needs to go on as if nothing had happened.

    Attributes
    ----------
    standing : Standing
    state : list of ndarray
        Weights and optimiser, as the strategies' learners give them.
    best : list of ndarray
        Weights of the highest accuracy in this lesson.
    """

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    standing: Standing
    state: Arrays
    best: Arrays


class Checkpoints:
    """The checkpoints of one run.

    Parameters
    ----------
    folder : Path
        Each run has a folder of its own in it.
    course : Course
        Recipe, pictures and first weights; the folder of any other is left alone.
    progress : callable
        Told of what can't be used, one line each.
    """

    def __init__(self, folder: Path, course: Course, progress: Callable[[str], None]) -> None:
        self._run = fingerprint(course)
        self._folder, self._progress = folder / self._run[:_NAME], progress
        self._folder.mkdir(parents=True, exist_ok=True)

    def save(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint beside the others, then take its name: it is whole once it is seen.

        Parameters
        ----------
        checkpoint : Checkpoint
        """
        standing = checkpoint.standing
        path = self._folder / f"{standing.lesson:02d}-{standing.step:08d}.npz"
        partial = path.with_suffix(".partial")
        arrays = {f"state-{number}": array for number, array in enumerate(checkpoint.state)}
        arrays |= {f"best-{number}": array for number, array in enumerate(checkpoint.best)}
        with partial.open("wb") as file:
            np.savez(file, run=np.array(self._run), standing=np.array(standing.model_dump_json()), **arrays)  # pyright: ignore[reportArgumentType] - its annotations take the arrays' names for options
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        (self._folder / _COMPLETE).unlink(missing_ok=True)
        for old in self._newest_first()[_KEPT:]:
            old.unlink(missing_ok=True)

    def newest(self) -> Checkpoint | None:
        """Read the newest checkpoint that can be used.

        Returns
        -------
        Checkpoint or None
            None if there is none of this run, or this run is complete.
        """
        if (self._folder / _COMPLETE).exists():
            self._progress(f"the run in {self._folder} is complete: this one starts from the beginning")
            for path in self._newest_first():
                path.unlink()
            return None
        for path in self._newest_first():
            try:
                run, found = _read(path)
            except _BROKEN as error:
                self._progress(f"checkpoint {path.name} is damaged and left out: {str(error).splitlines()[0]}")
                continue
            if run == self._run:
                return found
            self._progress(f"checkpoint {path.name} is of another recipe or of other pictures: it is left out")
        if others := sorted(path.name for path in self._folder.parent.iterdir() if path != self._folder):
            self._progress(f"left alone, being of other recipes or of other pictures: {', '.join(others)}")
        return None

    def complete(self) -> None:
        """Note that what the run was for is written: the next start begins from the beginning."""
        (self._folder / _COMPLETE).touch()

    def _newest_first(self) -> list[Path]:
        return sorted(self._folder.glob("*.npz"), reverse=True)


def fingerprint(course: Course) -> str:
    """Name a run: the same recipe, on the same pictures, from the same weights.

    The strategy is no part of it, since a checkpoint holds the same for each: a run may go on with more workers.

    Parameters
    ----------
    course : Course

    Returns
    -------
    str
        Hexadecimal SHA-256.
    """
    found = hashlib.sha256(course.recipe.model_dump_json().encode())
    arrays: list[Sequence[NDArray[np.generic]]] = [(course.validation.images, course.validation.labels)]
    arrays += [(source.images, source.labels, source.classes) for lesson in course.lessons for source in lesson.sources]
    for group in arrays:
        for array in group:
            found.update(f"{array.dtype}{array.shape}".encode())
            found.update(np.ascontiguousarray(array).data)
    if course.weights is not None:
        with course.weights.open("rb") as file:
            found.update(hashlib.file_digest(file, "sha256").digest())
    return found.hexdigest()


def _read(path: Path) -> tuple[str, Checkpoint]:
    # NumPy leaves a damaged file open that it opened itself.
    with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
        names = set(file.files)

        def row(kind: str) -> Arrays:
            return [file[f"{kind}-{number}"] for number in range(sum(name.startswith(f"{kind}-") for name in names))]

        standing = Standing.model_validate_json(str(file["standing"]))
        return str(file["run"]), Checkpoint(standing=standing, state=row("state"), best=row("best"))
