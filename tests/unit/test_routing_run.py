"""A run over many files goes on after errors, prints as it goes, and can be stopped."""

import json
import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli import decisions, routing
from cli.main import app
from signpost.aws.routing_run import RoutingRun
from signpost.errors import RoutingFault
from signpost.routing.contracts import Decision, ImageRef, Outcome


class Routing:
    """Stands for the deployed app: decides by the file's content."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.permits = threading.Semaphore(1000)

    def route_file(self, path: Path, _classifier: str | None, *, resume: bool) -> Decision:  # noqa: ARG002
        text = path.read_text()
        self.begun.append(path.name)
        assert self.permits.acquire(timeout=30)
        if text == "fault":
            raise RoutingFault("EndpointRefused: " + "a long cause, " * 20, parked=True)
        image = ImageRef(bucket="b", key=path.name, version_id="1", sha256="0" * 64)
        return Decision(
            decision_id=path.name, image=image, classifier="vehicle", outcome=Outcome.ROUTED, route="nearby-orders"
        )


@pytest.fixture
def router(monkeypatch: pytest.MonkeyPatch) -> Routing:
    router = Routing()
    monkeypatch.setattr(routing, "find_router", lambda _on_aws: router)
    return router


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    for n in range(40):
        (tmp_path / f"{n:02}.jpg").write_text("fault" if n == 7 else "image")
    return sorted(tmp_path.iterdir())


def _route(*arguments: Any) -> Result:
    return CliRunner().invoke(app, ["route", *map(str, arguments)])


def test_one_fault_and_one_vanished_file_leave_the_others(router: Routing, files: list[Path], monkeypatch):
    monkeypatch.setattr(routing, "files_in", lambda paths: paths)
    (gone := files[3]).unlink()

    done = _route(*files)

    assert done.exit_code == 3
    assert sorted(router.begun) == [path.name for path in files if path != gone]
    fault = str(RoutingFault("EndpointRefused: " + "a long cause, " * 20, parked=True))
    assert f"not decided {gone}: No such file or directory" in done.stderr.splitlines()
    assert f"not decided {files[7]}: {fault}" in done.stderr.splitlines()
    summary = done.stdout.split("where to")[1].splitlines()[1:]
    assert [line.split() for line in summary] == [["error", "1"], ["fault", "1"], ["nearby-orders", "38"]]


@pytest.mark.usefixtures("router")
def test_lines_of_json_name_every_source_once(files: list[Path]):
    done = _route(files[0].parent, "--json")

    assert done.exit_code == 3
    assert sorted(json.loads(line)["source"] for line in done.stdout.splitlines()) == sorted(
        str(path) for path in files if path != files[7]
    )
    fault, summary = map(json.loads, done.stderr.splitlines())
    assert fault["source"] == str(files[7])
    assert summary == {"counts": {"nearby-orders": 39, "fault": 1}, "not_begun": 0}


@pytest.mark.usefixtures("router")
def test_a_pipe_gets_the_progress_now_and_then(files: list[Path], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(decisions, "REPORT_SECONDS", 0)

    done = _route(files[0].parent)

    lines = done.stderr.splitlines()
    assert lines[0].startswith("1 of 40 images, ")
    assert lines[0].endswith(" s left")
    assert lines[39].startswith("40 of 40 images, ")


def test_a_stopped_run_ends_what_it_has_begun(router: Routing, files: list[Path]):
    router.permits = threading.Semaphore(0)
    run = RoutingRun(router, files, None)  # type: ignore[arg-type]
    found = iter(run)
    stopper = threading.Timer(0, lambda: (run.stop(), router.permits.release(1000)))
    stopper.start()

    ended = [routed.path.name for routed in found]

    assert run.stopped
    assert sorted(ended) == sorted(router.begun)
    assert len(ended) <= 4


def test_a_stopped_command_prints_what_was_done_and_how_to_continue(
    router: Routing, files: list[Path], monkeypatch: pytest.MonkeyPatch
):
    shown = decisions.DecisionLines.show

    def show_and_interrupt(lines: decisions.DecisionLines, routed: Any) -> None:
        shown(lines, routed)
        if lines.counts.total() == 1:
            signal.raise_signal(signal.SIGINT)
            router.permits.release(1000)

    router.permits = threading.Semaphore(1)
    monkeypatch.setattr(decisions.DecisionLines, "show", show_and_interrupt)

    done = _route(files[0].parent)

    assert done.exit_code == 130
    summary = dict(line.rsplit(maxsplit=1) for line in done.stdout.split("where to")[1].splitlines()[1:])
    assert int(summary.pop("not begun")) == 40 - len(router.begun)
    assert sum(map(int, summary.values())) == len(router.begun)
    assert done.stderr.splitlines()[-1] == "Stopped. To continue, run the same command with --resume."


@pytest.mark.usefixtures("router")
def test_files_that_cannot_be_read_are_tried_and_named(tmp_path: Path, monkeypatch):
    (tmp_path / "good.jpg").write_text("image")
    locked = tmp_path / "locked"
    real = os.scandir

    def scandir(path: Any) -> Any:
        if Path(path) == locked:
            raise PermissionError(13, "Permission denied", str(locked))
        return real(path)

    locked.mkdir()
    monkeypatch.setattr(os, "scandir", scandir)

    done = _route(tmp_path)

    assert done.exit_code == 3
    assert f"not decided {locked}: " in done.stderr
    assert "nearby-orders" in done.stdout
