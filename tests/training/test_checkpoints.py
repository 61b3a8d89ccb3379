"""A run that is stopped goes on as if nothing had happened; whatever is not its own or not whole is left out."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="training needs TensorFlow, an extra of its own: requirements/training.txt")

import tensorflow as tf

from signpost.errors import TrainingInterrupted
from tests.training.separable import accuracy, make_course, make_recipe
from training.course import Course, Evaluation
from training.distribution.checkpoints import Checkpoint, Checkpoints, Standing, fingerprint
from training.distribution.single import teach

STEPS = 20


@pytest.fixture(scope="module", autouse=True)
def deterministic() -> None:
    tf.config.experimental.enable_op_determinism()


@pytest.fixture(scope="module")
def uninterrupted() -> list[np.ndarray]:
    return teach(make_course(make_recipe(STEPS))).get_weights()


def stop_at(lesson: str, step: int):
    def stop(evaluation: Evaluation) -> None:
        if (evaluation.lesson, evaluation.step) == (lesson, step):
            os.kill(os.getpid(), signal.SIGTERM)

    return stop


def save(folder: Path, course: Course, step: int, value: float = 0.0) -> Path:
    checkpoint = Checkpoint(standing=Standing(step=step), state=[np.full(3, value)], best=[np.full(3, -value)])
    Checkpoints(folder, course, print).save(checkpoint)
    return max(folder.glob("*/*.npz"))


def newest(folder: Path, course: Course) -> tuple[Checkpoint | None, list[str]]:
    said: list[str] = []
    return Checkpoints(folder, course, said.append).newest(), said


@pytest.mark.parametrize(("lesson", "step"), [("first", 6), ("second", 20)])
def test_a_run_that_was_stopped_ends_with_the_very_weights_of_one_that_was_not(
    tmp_path: Path, uninterrupted: list[np.ndarray], lesson: str, step: int
):
    said: list[str] = []
    with pytest.raises(TrainingInterrupted, match="a checkpoint is saved"):
        teach(make_course(make_recipe(STEPS), tmp_path, evaluated=stop_at(lesson, step)))

    model = teach(make_course(make_recipe(STEPS), tmp_path, said.append))

    assert said[0] == f"going on from a checkpoint: {lesson}, step {step}"
    for weights, expected in zip(model.get_weights(), uninterrupted, strict=True):
        assert np.array_equal(weights, expected)


def test_early_stopping_remembers_its_best_weights_and_how_long_it_has_waited(tmp_path: Path):
    recipe = make_recipe(STEPS, patience=3)
    judged: list[Evaluation] = []
    whole: list[str] = []
    expected = teach(make_course(recipe, progress=whole.append, evaluated=judged.append)).get_weights()
    before_the_last = [evaluation for evaluation in judged if evaluation.lesson == "first"][-2]
    stopped: list[str] = []
    with pytest.raises(TrainingInterrupted):
        teach(make_course(recipe, tmp_path, stopped.append, stop_at("first", before_the_last.step)))

    model = teach(make_course(recipe, tmp_path, stopped.append))

    ending = "first ends early: no better accuracy in 3 evaluations"
    assert whole.count(ending) == stopped.count(ending) == 1
    assert all(np.array_equal(one, other) for one, other in zip(model.get_weights(), expected, strict=True))


def test_a_run_learns(uninterrupted: list[np.ndarray]):
    assert accuracy(uninterrupted) > 0.9


def test_without_a_folder_a_signal_still_ends_a_run_and_nothing_is_saved():
    with pytest.raises(TrainingInterrupted, match="nothing is saved: no folder was given"):
        teach(make_course(make_recipe(STEPS), evaluated=stop_at("first", 6)))


def test_the_newest_checkpoint_counts_and_the_one_before_it_is_kept(tmp_path: Path):
    course = make_course(make_recipe(STEPS))
    for step in (5, 10, 15):
        save(tmp_path, course, step, value=step)

    found, said = newest(tmp_path, course)

    assert found is not None
    assert found.standing.step == 15
    assert found.state[0].tolist() == [15, 15, 15]
    assert found.best[0].tolist() == [-15, -15, -15]
    assert said == []
    assert len(list(tmp_path.glob("*/*"))) == 2


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "nonsense"])
def test_a_damaged_checkpoint_is_left_out_with_a_sentence(tmp_path: Path, damage: str):
    course = make_course(make_recipe(STEPS))
    save(tmp_path, course, 5)
    path = save(tmp_path, course, 10)
    content = bytearray(path.read_bytes())
    middle = content.index(b"\x93NUMPY") + 150
    content[middle] ^= 0xFF
    damaged = {"cut": content[: len(content) // 2], "flipped": content, "empty": b"", "nonsense": b"nonsense"}[damage]
    path.write_bytes(damaged)

    found, said = newest(tmp_path, course)

    assert found is not None
    assert found.standing.step == 5
    assert len(said) == 1
    assert said[0].startswith("checkpoint 00-00000010.npz is damaged and left out: ")


def test_a_checkpoint_that_was_being_written_is_not_seen(tmp_path: Path):
    course = make_course(make_recipe(STEPS))
    path = save(tmp_path, course, 5)
    path.with_name("00-00000010.partial").write_bytes(b"PK half")

    found, said = newest(tmp_path, course)

    assert found is not None
    assert found.standing.step == 5
    assert said == []


def test_a_hostile_checkpoint_runs_no_code(tmp_path: Path):
    course = make_course(make_recipe(STEPS))
    np.savez(save(tmp_path, course, 10), run=np.array([print], dtype=object), standing=np.array("{}"))

    found, said = newest(tmp_path, course)

    assert found is None
    assert "Object arrays cannot be loaded" in said[0]


def test_checkpoints_of_another_run_are_left_alone_with_a_sentence(tmp_path: Path):
    course = make_course(make_recipe(STEPS))
    saved = [save(tmp_path, course, 10), save(tmp_path, course, 15)]

    for number, other in enumerate((make_course(make_recipe(STEPS + 1)), make_course(make_recipe(STEPS), seed=1))):
        found, said = newest(tmp_path, other)
        for step in (1, 2, 3):
            save(tmp_path, other, step)
        again, _ = newest(tmp_path, other)
        assert found is None
        assert saved[0].parent.name in said[0]
        assert said[0].startswith("left alone, being of other recipes or of other pictures: ")
        assert again is not None
        assert again.standing.step == 3
        assert len(list(tmp_path.iterdir())) == number + 2
    assert all(path.exists() for path in saved)


def test_after_a_complete_run_the_next_begins_at_the_beginning(tmp_path: Path):
    course = make_course(make_recipe(STEPS))
    save(tmp_path, course, 5)
    Checkpoints(tmp_path, course, print).complete()

    found, said = newest(tmp_path, course)
    save(tmp_path, course, 10)
    again, _ = newest(tmp_path, course)

    assert found is None
    assert "is complete: this one starts from the beginning" in said[0]
    assert again is not None
    assert again.standing.step == 10


def test_first_weights_are_part_of_a_run(tmp_path: Path):
    import dataclasses

    course, prints = make_course(make_recipe(STEPS)), set()
    for content in (b"one", b"other"):
        (tmp_path / "weights.h5").write_bytes(content)
        prints.add(fingerprint(dataclasses.replace(course, weights=tmp_path / "weights.h5")))

    assert len(prints | {fingerprint(course)}) == 3
