"""Takes a network through a course, whatever the strategy: evaluations, early stopping, checkpoints, signals."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import keras  # pyright: ignore[reportMissingImports] - the training extra
import numpy as np

from signpost.errors import TrainingInterrupted
from training.course import EVALUATIONS, Course, Evaluation
from training.distribution.checkpoints import Arrays, Checkpoint, Checkpoints, Standing
from training.distribution.interruption import Interruption
from training.lessons import Lesson
from training.optimizers import averaged_weights

_SAVE_SECONDS = 60.0  # what a killed run loses at most


class Learner(ABC):
    """What a strategy does differently.

    Where several processes learn in step, each runs this module's loop and calls all of these in the same order.

    Attributes
    ----------
    leads : bool
        Whether this process judges, saves and speaks.
    model : keras.Model
    optimizer : keras.optimizers.Optimizer
        Of the lesson that `begin` began.
    """

    leads = True
    model: keras.Model
    optimizer: Any  # Keras' annotations know no TensorFlow variable

    @abstractmethod
    def begin(self, lesson: Lesson, start: int) -> None:
        """Make a new optimiser and get ready for a batch."""

    @abstractmethod
    def advance(self, start: int, stop: int, pause: Callable[[], bool]) -> tuple[int, float]:
        """Learn from batches up to a number, or until a pause is asked for; say the number and the last loss."""

    def agree(self, wish: bool) -> bool:
        """Find out whether any process wishes something; where one process decides for all, nobody else is asked."""
        return wish

    def share(self, arrays: Arrays) -> Arrays:
        """Give every process the arrays of the leading one; their shapes are the same in each."""
        return arrays

    def averaged(self) -> Arrays:
        """Give the network's weights with the running mean of those that are trained."""
        return list(averaged_weights(self.model, self.optimizer))

    def state(self) -> Arrays:
        """Give all that a checkpoint needs: the variables of network (with the seeds of its dropout) and optimiser."""
        return [np.asarray(variable) for variable in (*self.model.variables, *self.optimizer.variables)]

    def restore(self, state: Arrays) -> None:
        """Take back what `state` gave."""
        variables = (*self.model.variables, *self.optimizer.variables)
        for variable, value in zip(variables, state, strict=True):
            variable.assign(value)


class Loop:
    """One run through a course.

    Parameters
    ----------
    course : Course
    learner : Learner
    interruption : Interruption
    """

    def __init__(self, course: Course, learner: Learner, interruption: Interruption) -> None:
        self._course, self._learner, self._interruption = course, learner, interruption
        self._standing, self._best = Standing(), learner.model.get_weights()
        folder = course.checkpoints if learner.leads else None
        self._checkpoints = Checkpoints(folder, course, course.progress) if folder else None
        self._judged = course.make_model() if learner.leads else None
        self._saved = time.monotonic()

    def run(self) -> None:
        """Go on from the newest checkpoint, or from the beginning, to the end of the course.

        Raises
        ------
        TrainingInterrupted
            After a signal to stop, with a checkpoint saved.
        """
        self._resume()
        for number in range(self._standing.lesson, len(self._course.lessons)):
            lesson = self._course.lessons[number]
            if number != self._standing.lesson:
                self._standing = Standing(lesson=number, seconds=self._standing.seconds)
                self._best = self._learner.model.get_weights()
                self._learner.begin(lesson, 0)
            self._take(lesson)
        self._save()

    def _resume(self) -> None:
        found = self._checkpoints.newest() if self._checkpoints else None
        standing = found.standing if found else Standing()
        (shared,) = self._learner.share([np.array(list(standing.model_dump().values()), np.float64)])
        self._standing = Standing.model_validate(dict(zip(Standing.model_fields, shared.tolist(), strict=True)))
        self._learner.begin(self._course.lessons[self._standing.lesson], self._standing.step)
        if self._standing == Standing():
            return
        state = found.state if found else [np.zeros_like(array) for array in self._learner.state()]
        self._learner.restore(self._learner.share(state))
        if found:
            name = self._course.lessons[found.standing.lesson].name
            self._best = found.best
            self._course.progress(f"going on from a checkpoint: {name}, step {found.standing.step:,}")

    def _take(self, lesson: Lesson) -> None:
        steps, patience = lesson.phase.steps, getattr(lesson.phase, "patience", None)
        every = max(1, steps // EVALUATIONS)
        while self._standing.step < steps:
            step = self._standing.step
            began = time.monotonic()
            step, loss = self._learner.advance(step, min(steps, step - step % every + every), self._pause)
            seconds = self._standing.seconds + time.monotonic() - began
            self._standing = self._standing.model_copy(update={"step": step, "seconds": seconds})
            judges = step % every == 0 or step == steps
            if judges:
                self._judge(lesson, loss)
                tired = bool(patience) and self._standing.waited >= (patience or 0)
                if self._learner.agree(self._learner.leads and tired and step < steps):
                    self._say(f"{lesson.name} ends early: no better accuracy in {self._standing.waited} evaluations")
                    break
            self._save_or_stop(judges)
        self._finish(patience is not None)

    def _finish(self, takes_best: bool) -> None:
        """Leave the lesson with its best weights where they were looked for, or with the averaged ones."""
        learner = self._learner
        weights = self._best if learner.leads and takes_best else learner.averaged()
        learner.model.set_weights(learner.share(weights))
        lesson = self._standing.lesson
        self._standing = self._standing.model_copy(update={"step": self._course.lessons[lesson].phase.steps})

    def _judge(self, lesson: Lesson, loss: float) -> None:
        if self._judged is None:
            return
        self._judged.set_weights(self._learner.averaged())
        accuracy, at = self._course.accuracy(self._judged, lesson), self._standing
        self._course.evaluated(Evaluation(lesson.name, at.step, at.seconds, loss, accuracy))
        self._say(
            f"{lesson.name}, step {at.step:,} of {lesson.phase.steps:,}: loss {loss:.3f}, "
            f"validation accuracy {accuracy:.1%}, {at.seconds:.0f} s"
        )
        if accuracy > at.best:
            self._best = self._judged.get_weights()
            self._standing = at.model_copy(update={"best": accuracy, "waited": 0})
        else:
            self._standing = at.model_copy(update={"waited": at.waited + 1})

    def _pause(self) -> bool:
        return self._interruption.wanted or self._save_is_due()

    def _save_is_due(self) -> bool:
        return self._checkpoints is not None and time.monotonic() - self._saved > _SAVE_SECONDS

    def _save_or_stop(self, judged: bool) -> None:
        stops = self._learner.agree(self._interruption.wanted)
        if stops or judged or self._save_is_due():
            self._save()
        if stops:
            raise TrainingInterrupted(
                "stopped by a signal; "
                + ("a checkpoint is saved" if self._course.checkpoints else "nothing is saved: no folder was given")
            )

    def _save(self) -> None:
        if self._checkpoints:
            self._checkpoints.save(Checkpoint(standing=self._standing, state=self._learner.state(), best=self._best))
            self._saved = time.monotonic()

    def _say(self, line: str) -> None:
        if self._learner.leads:
            self._course.progress(line)


def learn(course: Course, learner: Learner) -> None:
    """Take a learner's network through a course.

    Parameters
    ----------
    course : Course
    learner : Learner

    Raises
    ------
    TrainingInterrupted
        After SIGTERM or Ctrl-C.
    """
    with Interruption() as interruption:
        Loop(course, learner, interruption).run()
