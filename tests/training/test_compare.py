"""Strategies side by side, with real processes of a stand-in for the training program."""

import csv
import dataclasses
import json
import os
import re
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from tests.training.stand_in_training import CPU_SECONDS, SENT
from training.compare.comparison import Setting, compare, make_setting, open_folder, results
from training.compare.plan import Plan
from training.compare.report import View, write_report
from training.recipe import load_recipe

STAND_IN = (sys.executable, "-m", "tests.training.stand_in_training")
TWO = ("single", "multi-worker")
VIEW = View(0.9, "ml.m5.large", (), (), "signpost train compare faces --quick")


def make_plan(folder: Path, strategies: Sequence[str] = TWO, repeats: int = 1) -> Plan:
    archive = folder / "orl-faces.tar.gz"
    archive.write_bytes(b"pictures")
    return Plan(load_recipe("faces").quick(), tuple(strategies), 2, repeats, archive, folder / "out")


def setting_of(plan: Plan) -> Setting:
    assert plan.data
    return make_setting(plan, [plan.data])


def make_runs(plan: Plan) -> list[str]:
    told: list[str] = []
    open_folder(plan.out, setting_of(plan))
    compare(plan, True, told.append, lambda _line: None, STAND_IN, interval=0.05)
    return told


def report(plan: Plan) -> str:
    return "\n".join(write_report(plan, setting_of(plan), VIEW))


def behave(monkeypatch: pytest.MonkeyPatch, **modes: str) -> None:
    monkeypatch.setenv("STAND_IN", json.dumps({name.replace("_", "-"): mode for name, mode in modes.items()}))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """Two strategies, each run twice."""
    plan = make_plan(tmp_path_factory.mktemp("compare"), repeats=2)
    make_runs(plan)
    return plan


def test_every_strategy_runs_once_a_repeat(finished: Plan):
    # Each repeat has a seed of its own, and begins with another strategy.
    assert [(one.strategy, one.repeat, one.seed, one.status) for one in results(finished)] == [
        ("single", 1, 7, "done"),
        ("multi-worker", 1, 7, "done"),
        ("multi-worker", 2, 8, "done"),
        ("single", 2, 8, "done"),
    ]


def test_what_all_processes_took_is_measured(finished: Plan):
    for one in results(finished):
        assert one.quality
        assert one.quality.training_pictures == finished.recipe.fine_tuning.steps * 64
        assert one.usage.cpu_seconds >= CPU_SECONDS * (1 if one.strategy == "single" else 2)
        assert one.usage.peak_resident_bytes > 8 << 20
        assert one.usage.loopback_bytes >= SENT


def test_the_page_needs_nothing_from_elsewhere(finished: Plan):
    report(finished)
    page = (finished.out / "report.html").read_text()
    targets = [one or other for one, other in re.findall(r'(?:href|src)="([^"]*)"|url\(([^)]*)\)', page)]
    assert [target for target in targets if not target.startswith("#")] == []
    assert str(finished.out.parent) not in page
    # Every id that a plot uses is there once, although all plots are on one page.
    names = re.findall(r' id="([^"]+)"', page)
    clipped = {target[1:] for target in targets}
    assert clipped
    assert all(names.count(name) == 1 for name in clipped)


def test_every_plot_says_what_it_shows(finished: Plan):
    report(finished)
    plots = re.findall(r"<svg ([^>]*)>", (finished.out / "report.html").read_text())
    assert len(plots) == 3
    assert all('role="img"' in plot and "single and multi-worker" in plot for plot in plots)


def test_the_csv_files_hold_every_run_and_every_process(finished: Plan):
    report(finished)
    with (finished.out / "runs.csv").open() as file:
        runs = list(csv.DictReader(file))
    assert [(run["status"], run["seconds_to_target"], run["accuracy"]) for run in runs] == [("done", "8.0", "0.9")] * 4
    with (finished.out / "samples.csv").open() as file:
        seen = {(sample["strategy"], sample["process"]) for sample in csv.DictReader(file)}
    assert seen == {("single", "single"), ("multi-worker", "chief"), ("multi-worker", "worker 0")}


def test_a_failed_run_is_named_the_others_go_on_and_a_second_start_repeats_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    # GIVEN a strategy that fails
    plan = make_plan(tmp_path)
    behave(monkeypatch, single="fail")
    # WHEN both are run
    told = make_runs(plan)
    # THEN the failure is told with its cause, and the other strategy has its figures
    assert [result.status for result in results(plan)] == ["failed", "done"]
    assert any("failed after" in line for line in told)
    said = report(plan)
    assert "single, repeat 1, failed" in said
    assert "exit code 3" in said
    assert "there is no such picture" in said
    assert "| single | no finished run |" in (plan.out / "report.md").read_text()
    # WHEN it is started again, the cause being mended
    behave(monkeypatch)
    told = make_runs(plan)
    # THEN only the failed one runs
    assert [line.partition(": ")[2].partition(" (")[0] for line in told if "right" not in line] == [
        "failed before, once more",
        "kept from an earlier start",
    ]
    assert [result.status for result in results(plan)] == ["done", "done"]


def test_a_run_on_other_data_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    plan = make_plan(tmp_path)
    behave(monkeypatch, multi_worker="other-data")
    make_runs(plan)
    assert [result.status for result in results(plan)] == ["done", "failed"]
    assert "it trained on other data" in report(plan)


def test_a_run_that_leaves_no_package_has_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    plan = make_plan(tmp_path, ["single"])
    behave(monkeypatch, single="silent")
    make_runs(plan)
    assert [result.error for result in results(plan)] == ["the run ended without manifest.json"]
    assert "nothing to compare" in report(plan)


@pytest.mark.parametrize("strategy", TWO)
def test_a_signal_keeps_what_is_done_and_leaves_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, strategy: str
):
    # GIVEN a strategy that never ends
    plan = make_plan(tmp_path)
    behave(monkeypatch, **{strategy.replace("-", "_"): "wait"})
    open_folder(plan.out, setting_of(plan))
    begun = threading.Event()

    def interrupt() -> None:
        if begun.wait(60):
            os.kill(os.getpid(), signal.SIGINT)

    def say(line: str) -> None:
        if f"{strategy} chief" in line:
            begun.set()

    others = set(psutil.Process().children(recursive=True))  # of tests before this one
    # WHEN Ctrl-C comes
    threading.Thread(target=interrupt).start()
    complete = compare(plan, True, lambda _line: None, say, STAND_IN, interval=0.05)
    # THEN what was done before is kept, the stopped run has no result, and nothing runs any more
    assert not complete
    assert [one.strategy for one in results(plan)] == ([] if strategy == "single" else ["single"])
    assert set(psutil.Process().children(recursive=True)) <= others
    assert "not made yet" in report(plan)


def test_fewer_strategies_are_looked_at_without_a_run(finished: Plan):
    plan = dataclasses.replace(finished, strategies=("multi-worker",), repeats=1)
    assert all("kept" in line for line in make_runs(plan))
    assert "single" not in report(plan)
