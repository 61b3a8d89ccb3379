"""Strategies in real processes: they learn the same, say who died, and go on after a kill."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="training needs TensorFlow, an extra of its own: requirements/training.txt")

from signpost.errors import SettingsError, TrainingError
from tests.training import separable
from training.distribution import strategy
from training.distribution.launch import launch
from training.distribution.multi_worker import share_of_batch
from training.distribution.processes import Process

STEPS = 20
SCRIPT = separable.__file__


class Run:
    """A run of the program in `separable`, and what it says; ``act`` may do something about a line."""

    def __init__(self, folder: Path, name: str, workers: int) -> None:
        self.folder, self.name, self.workers = folder, name, workers
        self.lines: list[str] = []
        self.pids: dict[str, int] = {}
        self.weights_file = folder / f"{name}.npz"

    def launch(self, act: Callable[[str], None] = lambda _line: None) -> list[np.ndarray]:
        def hear(line: str) -> None:
            self.lines.append(line)
            act(line)

        def note(processes: list[Process]) -> None:
            self.pids = {process.name: process.pid for process in processes}

        arguments = [self.name, str(STEPS), str(self.folder / "checkpoints"), str(self.weights_file)]
        launch([sys.executable, SCRIPT, *arguments], self.name, self.workers, self.folder / "logs", hear, note)
        return separable.read_weights(self.weights_file)

    def kill(self, victim: str, at: str) -> Callable[[str], None]:
        return lambda line: os.kill(self.pids[victim], signal.SIGKILL) if at in line else None


@pytest.fixture(scope="module", autouse=True)
def _importable() -> Iterator[None]:
    """The programs import what this checkout holds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(SCRIPT).parents[2]))
        yield


@pytest.fixture(scope="module")
def multi_worker(tmp_path_factory: pytest.TempPathFactory) -> list[np.ndarray]:
    """Weights of two workers that nobody disturbed."""
    return Run(tmp_path_factory.mktemp("whole"), "multi-worker", 2).launch()


def test_two_workers_learn_what_one_process_learns(multi_worker: list[np.ndarray]):
    single = strategy("single")(separable.make_course(separable.make_recipe(STEPS), names=("first",)))

    assert single is not None
    assert separable.accuracy(multi_worker) > 0.9
    for variable, weights in zip(single.weights, multi_worker, strict=True):
        if "moving" not in variable.path:  # batch norm sees halves of a batch
            assert np.abs(weights - np.asarray(variable)).max() < 0.15 * max(1.0, np.abs(weights).max())


def test_a_whole_group_that_was_killed_goes_on_and_ends_with_the_same_weights(
    tmp_path: Path, multi_worker: list[np.ndarray]
):
    arguments = ["launch", "2", "multi-worker", str(STEPS), str(tmp_path / "checkpoints"), str(tmp_path / "first.npz")]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}  # a killed launcher leaves its folder there
    command = [sys.executable, SCRIPT, *arguments]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as group:
        assert group.stdout
        for line in group.stdout:
            if "first, step 12 of" in line:
                group.kill()  # and so its children: tests/unit/test_training_launch.py
                break

    run = Run(tmp_path, "multi-worker", 2)
    weights = run.launch()

    assert any(re.search(r"going on from a checkpoint: first, step 1?\d$", line) for line in run.lines)
    for one, other in zip(weights, multi_worker, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-3)


def test_the_death_of_a_worker_is_said_and_ends_the_run(tmp_path: Path):
    run = Run(tmp_path, "multi-worker", 2)

    with pytest.raises(TrainingError, match=r"worker 0 .* was killed by SIGKILL"):
        run.launch(run.kill("worker 0", "first, step 4 of"))


def test_an_asynchronous_parameter_server_learns(tmp_path: Path):
    run = Run(tmp_path, "parameter-server", 2)

    weights = run.launch()

    assert separable.accuracy(weights) > 0.9
    assert {line.split("]")[0] for line in run.lines} == {"[chief"}


def test_a_synchronous_parameter_server_that_dies_is_named_and_the_next_start_takes_the_steps_of_workers(
    tmp_path: Path, multi_worker: list[np.ndarray]
):
    run = Run(tmp_path, "parameter-server-sync", 2)

    with pytest.raises(TrainingError, match=r"ps 0 .* was killed by SIGKILL"):
        run.launch(run.kill("ps 0", "first, step 12 of"))
    weights = run.launch()

    assert any("going on from a checkpoint: " in line for line in run.lines)
    model = separable.make_course(separable.make_recipe(1)).make_model()
    for variable, one, other in zip(model.weights, weights, multi_worker, strict=True):
        if "moving" not in variable.path:  # here each half moves batch norm's averages by itself
            np.testing.assert_allclose(one, other, atol=1e-2)


def test_more_workers_than_pictures_in_a_batch_are_refused():
    lesson = separable.make_course(separable.make_recipe(1)).lessons[0]

    assert sum(share_of_batch(lesson, worker, 3) for worker in range(3)) == pytest.approx(1)
    with pytest.raises(SettingsError, match="17 workers are too many for first: its batches have 16 pictures"):
        share_of_batch(lesson, 16, 17)


def test_a_strategy_of_many_processes_says_how_to_start_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)

    with pytest.raises(SettingsError, match="TF_CONFIG is not set: this strategy needs several processes"):
        strategy("multi-worker")(separable.make_course(separable.make_recipe(1)))
    with pytest.raises(SettingsError, match="no strategy 'many'; allowed are single, multi-worker, parameter-server"):
        strategy("many")
