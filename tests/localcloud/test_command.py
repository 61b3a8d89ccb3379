"""The `signpost` command, as a user or a script runs it."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from operator import itemgetter
from pathlib import Path

import pytest

from signpost.routing.contracts import Decision, Outcome
from tests.conftest import ROOT
from tests.localcloud.deployed_app import VEHICLE_ENDPOINT
from training.data.drawn import draw_file

COMMAND = Path(sys.executable).parent / "signpost"


def run(*arguments, state):
    environment = {**os.environ, "SIGNPOST_STATE": str(state), "COLUMNS": "160"}
    return subprocess.run([COMMAND, *map(str, arguments)], capture_output=True, text=True, env=environment, cwd=ROOT)


@pytest.fixture
def signpost(app):
    """Run the command against the session's cloud."""
    return lambda *arguments: run(*arguments, state=app.cloud.state_dir)


@pytest.fixture
def pictures(examples, tmp_path):
    (tmp_path / "bicycle.jpg").write_bytes(examples.one("nearby-orders"))
    (tmp_path / "motorcycle.png").write_bytes(examples.one("distant-orders"))
    (tmp_path / "notes.txt").write_text("no picture")
    return tmp_path


def test_route_prints_one_decision_a_line_with_its_source(signpost, pictures):
    done = signpost("route", pictures, "--json")
    assert done.returncode == 0, done.stderr
    decisions = sorted(map(json.loads, done.stdout.splitlines()), key=itemgetter("source"))
    assert [Path(decision.pop("source")).name for decision in decisions] == [
        "bicycle.jpg", "motorcycle.png", "notes.txt",
    ]  # fmt: skip
    parsed = [Decision.model_validate(decision) for decision in decisions]
    assert [decision.outcome for decision in parsed] == [Outcome.ROUTED, Outcome.ROUTED, Outcome.REJECTED]


def test_route_prints_a_table_and_a_summary_per_route(signpost, pictures):
    done = signpost("route", pictures)
    assert done.returncode == 0
    table, summary = done.stdout.split("where to")
    assert "bicycle.jpg" in table
    assert "unsupported_type" in table
    counts = dict(line.split() for line in summary.splitlines()[1:] if line.strip())
    assert counts == {"distant-orders": "1", "nearby-orders": "1", "rejected": "1"}


def test_an_interrupted_run_is_continued_and_dispatches_no_image_twice(signpost, app, tmp_path):
    names = [f"interrupted-{n}.jpg" for n in range(24)]
    for n, name in enumerate(names):
        (tmp_path / name).write_bytes(draw_file("bicycle", 11, n)[1])
    environment = {**os.environ, "SIGNPOST_STATE": str(app.cloud.state_dir)}
    with subprocess.Popen(
        [COMMAND, "route", tmp_path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as first:
        printed = [first.stdout.readline() for _ in range(3)]
        first.send_signal(signal.SIGINT)
        rest, error = first.communicate(timeout=120)
    assert first.returncode == 130
    decided = [line for line in [*printed, *rest.split("where to")[0].splitlines()] if line.strip()]
    assert 3 <= len(decided) < 24
    assert f"not begun {24 - len(decided)}" in " ".join(rest.split())
    assert "--resume" in error

    runs = [signpost("route", tmp_path, "--resume", "--json") for _ in range(2)]

    ids = [{json.loads(line)["decision_id"] for line in run.stdout.splitlines()} for run in runs]
    assert len(ids[0]) == 24
    assert ids[0] == ids[1]
    dispatched = [key.rpartition("/")[2] for key in app.decided_keys("uploads/")]
    assert sorted(name for name in dispatched if name in names) == sorted(names)


def test_open_and_status_say_what_is_where(signpost, app):
    where = json.loads(signpost("open", "--json").stdout)
    assert where["IncomingBucket"] == app.where["IncomingBucket"]
    status = json.loads(signpost("status", "--json").stdout)
    assert status["endpoints"] == {VEHICLE_ENDPOINT: "InService"}
    assert set(status["queues"]) >= {"signpost-faults", "signpost-vehicle-nearby-orders"}


def test_a_shell_can_ask_the_api_at_once(signpost):
    lines = signpost("open", "--env").stdout.splitlines()
    exported = dict(line.removeprefix("export ").split("=", 1) for line in lines if line.startswith("export "))
    with urllib.request.urlopen(f"{exported['API']}/health") as answer:
        assert json.load(answer) == {"status": "ok"}


def test_logs_of_every_function_are_read_with_one_command(signpost, pictures):
    decision = json.loads(signpost("route", pictures / "bicycle.jpg", "--json").stdout)
    said = signpost("logs").stdout
    for function in ("signpost-serialize", "signpost-classify-vehicle", "signpost-filter"):
        assert any(function in line for line in said.splitlines()), function
    [decided] = [line for line in said.splitlines() if decision["decision_id"] in line and '"decided"' in line]
    assert "signpost-filter" in decided


def test_an_empty_fault_queue_is_said(signpost):
    done = signpost("redrive")
    assert (done.returncode, done.stdout.strip()) == (0, "0 decided, 0 still in the fault queue.")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["route", "no-such-file.jpg"], 1, "there is no file or folder no-such-file.jpg"),
        (["route"], 2, "Missing argument"),
        (["predict", "README.md", "--model", "docs"], 1, "can't read docs/manifest.json"),
    ],
)
def test_an_error_is_one_clear_message_on_stderr(signpost, arguments, code, said):
    done = signpost(*arguments)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_cloud_the_command_says_how_to_start_one(tmp_path):
    done = run("route", "README.md", state=tmp_path)
    assert done.returncode == 1
    assert "signpost up" in done.stderr


def test_predict_needs_no_cloud(pictures, tmp_path):
    done = run("predict", pictures / "bicycle.jpg", "--json", state=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["label"] == "bicycle"


def test_predict_tells_a_script_that_a_file_was_no_picture(pictures, tmp_path):
    done = run("predict", pictures, "--json", state=tmp_path)
    assert done.returncode == 3
    assert json.loads(done.stdout.splitlines()[-1])["reason"]["code"] == "unsupported_type"


def test_evaluate_measures_a_folder_with_a_subfolder_per_label(examples, tmp_path):
    for label, ending in {"bicycle": "nearby-orders", "motorcycle": "distant-orders"}.items():
        (tmp_path / label).mkdir()
        for index, data in enumerate(examples.by_ending[ending][:5]):
            (tmp_path / label / f"{index}.jpg").write_bytes(data)
    done = run("evaluate", "--data", tmp_path, "--json", state=tmp_path)
    assert done.returncode == 0
    result = json.loads(done.stdout)
    assert result["n"] == 10
    assert {"accuracy", "macro_f1", "ece", "confusion"} <= set(result)
    assert sum(map(sum, result["confusion"])) == 10


def test_capacity_loads_the_endpoint_and_names_the_target(signpost):
    done = signpost("capacity", "vehicle", "--seconds", "1")
    assert done.returncode == 0, done.stderr
    callers = [line.split()[0] for line in done.stdout.splitlines() if line[:1].isdigit()]
    assert callers[:2] == ["1", "2"]
    assert int(done.stdout.split("invocations_per_instance = ")[1].split()[0]) > 100
    assert "says nothing about an instance" in done.stdout


def test_capacity_of_a_classifier_without_instances_is_refused(signpost):
    done = signpost("capacity", "dog-breed")
    assert done.returncode == 1
    assert "its hosting is lambda, not realtime" in done.stderr
