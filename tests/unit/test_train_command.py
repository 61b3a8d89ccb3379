"""``signpost train``: what it refuses before anything is loaded, and what it starts."""

import pytest
from typer.testing import CliRunner

from cli import train
from cli.main import app
from signpost.errors import SettingsError, SignpostError

run = CliRunner().invoke


def test_an_unknown_recipe_is_said_with_those_that_there_are():
    found = run(app, ["train", "vehicel"])

    assert isinstance(found.exception, SettingsError)
    assert "no recipe for 'vehicel'; there are ants-bees, cifar-10" in str(found.exception)


def test_options_of_this_machine_are_refused_for_the_cloud():
    found = run(app, ["train", "vehicle", "--on", "sagemaker", "--out", "somewhere"])

    assert isinstance(found.exception, SignpostError)
    assert "--out can't be used with --on sagemaker" in str(found.exception)


def test_a_recipe_and_the_comparison_share_a_name_space():
    assert "Run the strategies" in run(app, ["train", "compare", "--help"]).output
    assert "Train a recipe and write its model package" in run(app, ["train", "vehicle", "--help"]).output


@pytest.mark.parametrize(
    ("options", "processes"), [(["--strategy", "multi-worker", "--workers", "3"], 3), (["--quick"], None)]
)
def test_what_is_given_reaches_the_program(options: list[str], processes: int | None, monkeypatch: pytest.MonkeyPatch):
    # GIVEN a launcher and a program that only note what they are asked for: the real ones train
    launched, called = [], []
    monkeypatch.setattr(train, "launch", lambda command, _strategy, workers, *_: launched.append((command, workers)))
    monkeypatch.setattr(train.program, "main", lambda arguments: called.append(arguments) or 0)

    found = run(app, ["train", "faces", "--data", "archives", "--out", "model", *options])

    assert found.exit_code == 0, found.output
    if processes:
        [(command, workers)] = launched
        assert (workers, command[1:4]) == (processes, ["-m", "training", "faces"])
        arguments = command[3:]
    else:
        [arguments] = called
        assert "--quick" in arguments
    assert arguments[arguments.index("--data") + 1] == "archives"
    assert arguments[arguments.index("--out") + 1] == "model"
