"""What is run, where, and what is refused before anything is run."""

import dataclasses
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cli.compare import compare as command
from signpost.errors import SettingsError
from training.compare.comparison import Setting, make_setting, open_folder
from training.compare.plan import Plan, instances, parse_strategies
from training.distribution import STRATEGIES
from training.recipe import load_recipe


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return Plan(load_recipe("faces"), STRATEGIES, workers=2, repeats=4, data=None, out=tmp_path / "out")


@pytest.fixture
def setting(plan: Plan, tmp_path: Path) -> Setting:
    archive = tmp_path / "orl-faces.tar.gz"
    archive.write_bytes(b"pictures")
    return make_setting(plan, [archive])


def test_every_repeat_runs_all_strategies_before_the_next_begins(plan: Plan):
    runs = plan.runs()
    repeats = [runs[start : start + 4] for start in range(0, 16, 4)]
    assert all({run.strategy for run in repeat} == set(STRATEGIES) for repeat in repeats)
    assert [len({run.seed for run in repeat}) for repeat in repeats] == [1] * 4
    assert len({repeat[0].seed for repeat in repeats}) == 4
    # Each strategy is once the first, so that none always runs on a cold machine.
    assert {repeat[0].strategy for repeat in repeats} == set(STRATEGIES)


def test_more_repeats_keep_the_folders_of_fewer(plan: Plan):
    fewer = {run.folder: run.seed for run in dataclasses.replace(plan, repeats=2).runs()}
    more = {run.folder: run.seed for run in plan.runs()}
    assert fewer.items() <= more.items()


def test_a_worker_takes_an_instance():
    assert [instances(strategy, 3) for strategy in STRATEGIES] == [1, 3, 3, 3]


@pytest.mark.parametrize("text", ["", "single,single", "single,horovod"])
def test_wrong_strategies_are_refused_with_those_that_are_allowed(text: str):
    with pytest.raises(SettingsError, match="allowed are single, multi-worker"):
        parse_strategies(text)


def test_a_folder_can_be_opened_again_with_the_same_setting(plan: Plan, setting: Setting):
    open_folder(plan.out, setting)
    open_folder(plan.out, setting)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"workers": 3}, "workers: 2 there, 3 now"),
        ({"data": {"orl-faces.tar.gz": "other"}}, "data, orl-faces.tar.gz"),
        ({"versions": {"python": "4"}}, "versions, "),
    ],
)
def test_a_folder_with_runs_of_another_setting_is_refused(plan: Plan, setting: Setting, change: dict, said: str):
    open_folder(plan.out, setting)
    with pytest.raises(SettingsError, match=said):
        open_folder(plan.out, setting.model_copy(update=change))


def test_a_folder_of_something_else_is_refused(plan: Plan, setting: Setting):
    plan.out.mkdir()
    (plan.out / "letter.txt").write_text("dear")
    with pytest.raises(SettingsError, match="holds no comparison"):
        open_folder(plan.out, setting)


@pytest.mark.parametrize(
    ("option", "value"),
    [("--strategies", "horovod"), ("--instance-type", "ml.x1"), ("--data", "nowhere")],
)
def test_the_command_refuses_what_is_wrong_before_any_run(tmp_path: Path, option: str, value: str):
    app = typer.Typer()
    app.command()(command)
    result = CliRunner().invoke(app, ["faces", "--out", str(tmp_path / "out"), option, value])
    assert isinstance(result.exception, Exception)
    assert value in str(result.exception)
    assert not (tmp_path / "out").exists()
