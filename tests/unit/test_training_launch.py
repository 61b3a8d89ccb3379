"""The launcher's watch over processes, with programs that take no time; the real ones are in tests/training."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from signpost.errors import SettingsError, TrainingError, TrainingInterrupted
from training.distribution.launch import launch
from training.distribution.processes import Process

ROOT = Path(__file__).parents[2]
# What a process is, as TF_CONFIG tells it.
PROGRAM = """
import json, os, signal, sys, time
task = json.loads(os.environ["TF_CONFIG"])["task"]
chief = task["type"] == "chief"
def wait():
    print("waiting", flush=True)
    time.sleep(300)
"""


def program(*lines: str) -> list[str]:
    return [sys.executable, "-c", PROGRAM + "\n".join(lines)]


def test_every_line_names_its_process_and_goes_into_its_log(tmp_path: Path):
    said: list[str] = []

    launch(
        program("print('hello'); sys.stdout.flush()", "if not chief: wait()"),
        "multi-worker",
        2,
        tmp_path / "logs",
        said.append,
    )

    assert "[chief] hello" in said
    assert "hello" in (tmp_path / "logs" / "chief-0.log").read_text()
    assert sorted(path.name for path in (tmp_path / "logs").iterdir()) == ["chief-0.log", "worker-0.log"]


def test_the_workers_end_when_the_chief_does(tmp_path: Path):
    pids: list[int] = []

    launch(
        program("if not chief: wait()"),
        "multi-worker",
        3,
        tmp_path,
        lambda _line: None,
        started=lambda running: pids.extend(process.pid for process in running),
    )

    assert len(pids) == 3
    assert not any(alive(pid) for pid in pids)


@pytest.mark.parametrize("victim", ["chief", "worker 0"])
def test_a_killed_process_is_named_and_the_others_are_stopped(tmp_path: Path, victim: str):
    running: dict[str, int] = {}

    def note(processes: list[Process]) -> None:
        running.update({process.name: process.pid for process in processes})

    def kill(line: str) -> None:
        if line == f"[{victim}] waiting":
            os.kill(running[victim], signal.SIGKILL)

    with pytest.raises(
        TrainingError, match=rf"^{victim} \(process \d+\) was killed by SIGKILL; its last lines:\n  wait"
    ):
        launch(program("time.sleep(0.5)", "wait()"), "multi-worker", 2, tmp_path, kill, note)

    assert not any(alive(pid) for pid in running.values())


def test_the_first_death_is_the_cause_and_what_follows_from_it_is_not(tmp_path: Path):
    lines = ("if chief: time.sleep(0.3); sys.exit('lost a worker')", "os.kill(os.getpid(), signal.SIGSEGV)")

    with pytest.raises(TrainingError, match=r"worker 0 .* was killed by SIGSEGV"):
        launch(program(*lines), "multi-worker", 2, tmp_path, lambda _line: None)


def test_a_worker_that_gives_up_early_is_an_error(tmp_path: Path):
    with pytest.raises(TrainingError, match=r"worker 0 .* ended with exit code 0"):
        launch(program("if chief: wait()"), "multi-worker", 2, tmp_path, lambda _line: None)


def test_a_signal_lets_the_chief_save_while_the_others_still_serve(tmp_path: Path):
    saved = tmp_path / "saved"
    save = "signal.signal(signal.SIGTERM, lambda *_: (time.sleep(0.3), open(sys.argv[1], 'w').close(), os._exit(75)))"

    def stop(line: str) -> None:
        if line == "[chief] waiting":
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(TrainingInterrupted, match="goes on from the last checkpoint"):
        launch([*program(f"if chief: {save}", "wait()"), str(saved)], "multi-worker", 2, tmp_path, stop)

    assert saved.exists()
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent has died")
def test_no_process_outlives_a_killed_launcher(tmp_path: Path):
    code = (
        "import sys; from pathlib import Path; from training.distribution.launch import launch\n"
        "launch(sys.argv[2:], 'multi-worker', 2, Path(sys.argv[1]),"
        " started=lambda running: print(*(process.pid for process in running), flush=True))"
    )
    command = [sys.executable, "-c", code, str(tmp_path), *program("wait()")]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}  # a killed launcher leaves its folder there
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as launcher:
        assert launcher.stdout
        lines = [launcher.stdout.readline() for _ in range(3)]
        pids = [int(pid) for line in lines if line[0].isdigit() for pid in line.split()]

        launcher.kill()

    assert len(pids) == 2
    deadline = time.monotonic() + 30
    while any(alive(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_one_process_takes_one_worker(tmp_path: Path):
    launch(program("print(task)"), "single", 1, tmp_path, lambda _line: None)

    with pytest.raises(SettingsError, match="'single' takes one worker on one host, not 2"):
        launch(program("wait()"), "single", 2, tmp_path)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
