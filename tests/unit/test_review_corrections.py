"""Corrections are ground truth that Model Monitor merges; they survive, nobody overwrites another's, undo is kept."""

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from cli.main import app
from localcloud.sagemaker.capture import Payload
from review.app import make_app
from review.parts import Parts
from signpost.aws.files import Folder
from signpost.capture.corrections import keep
from tests.unit.captured_folder import add, answer
from tests.unit.review_page import HTMX, ReviewPage, correction
from tests.unit.sample_datasets import noise


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a", "b", "c"):
        add(tmp_path / "captured", name, Payload("image/png", noise(1)), answer(0.9))
    return tmp_path / "captured"


def _ground_truth(folder: Path) -> list[dict[str, Any]]:
    """What Model Monitor would read: everything under the hours."""
    files = folder.glob("corrections/[0-9]*/[0-9]*/[0-9]*/[0-9]*/*.jsonl")
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def test_a_correction_is_ground_truth(folder: Path):
    assert ReviewPage(folder).correct("a", "motorcycle") == 200

    [line] = _ground_truth(folder)
    assert line["groundTruthData"] == {"data": "motorcycle", "encoding": "CSV"}
    assert (line["eventMetadata"]["eventId"], line["eventVersion"]) == ("a", "0")
    assert line["eventMetadata"]["correctedBy"] == "anna"


def test_a_second_thought_replaces_the_first(folder: Path):
    page = ReviewPage(folder)
    page.correct("a", "motorcycle")
    page.correct("a", "bicycle")
    page.correct("a", "bicycle")

    assert page.said() == {"a": {"anna": "bicycle"}}
    assert [line["groundTruthData"]["data"] for line in _ground_truth(folder)] == ["bicycle"]


def test_undo_takes_back_ones_own_last_act_and_is_kept(folder: Path):
    anna, bob = ReviewPage(folder), ReviewPage(folder, "bob")
    anna.correct("a", "motorcycle")
    anna.post("/accept", data={"id": ["b", "c"]})
    bob.correct("a", "bicycle")
    anna.upkeep.once()

    assert "Undone: 2." in anna.post("/undo").text
    assert anna.said() == {"a": {"anna": "motorcycle", "bob": "bicycle"}}
    assert "Undone: 1." in anna.post("/undo").text
    assert "nothing to undo" in anna.post("/undo").text
    assert anna.said() == {"a": {"bob": "bicycle"}}
    assert len(_ground_truth(folder)) == 1
    assert len(list((folder / "corrections" / "withdrawn").rglob("*.jsonl"))) == 3


def test_undo_gives_back_what_one_had_said_before(folder: Path):
    page = ReviewPage(folder)
    page.correct("a", "motorcycle")
    page.correct("b", "motorcycle")
    page.correct("a", "bicycle")

    assert "Undone: 1." in page.post("/undo").text
    assert page.said() == {"a": {"anna": "motorcycle"}, "b": {"anna": "motorcycle"}}
    assert "Undone: 1." in page.post("/undo").text
    assert page.said() == {"a": {"anna": "motorcycle"}}
    assert "Undone: 1." in page.post("/undo").text
    assert page.said() == {}
    assert ReviewPage(folder, "carla").said() == {}


def test_an_undo_that_broke_off_in_the_middle_holds(folder: Path, monkeypatch: pytest.MonkeyPatch):
    page = ReviewPage(folder)
    page.correct("a", "motorcycle")
    with monkeypatch.context() as patched:
        patched.delattr(Folder, "delete")
        with pytest.raises(AttributeError):
            page.post("/undo")

    assert len(_ground_truth(folder)) == 1
    assert page.said() == {}
    assert ReviewPage(folder, "carla").ids("state=open") == ReviewPage(folder, "carla").ids()


def test_corrections_survive_the_loss_of_the_index(folder: Path):
    page = ReviewPage(folder)
    page.correct("a", "motorcycle")
    page.index.path.unlink()

    assert ReviewPage(folder).ids("state=wrong") == ["a"]


def test_two_reviewers_who_disagree_are_a_conflict_until_one_gives_in(folder: Path):
    anna, bob = ReviewPage(folder), ReviewPage(folder, "bob")
    anna.correct("a", "motorcycle")
    bob.correct("a", "bicycle")
    anna.upkeep.once()

    assert "People disagree: anna says motorcycle; bob says bicycle." in anna.get("/").text
    anna.correct("a", "bicycle")
    assert "✓ Right, says anna, bob." in anna.get("/").text


def test_without_a_name_each_machine_is_a_reviewer_of_its_own(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder.parent))
    monkeypatch.setattr("getpass.getuser", lambda: "ubuntu")

    for host, label in (("one", "motorcycle"), ("two", "bicycle")):

        def correct(parts: Parts, *_: object, label: str = label) -> None:
            page = TestClient(make_app(parts), headers=HTMX)
            assert page.post("/correct", data={"id": "a", "label": label}).status_code == 200

        monkeypatch.setattr("socket.gethostname", lambda host=host: host)
        monkeypatch.setattr("cli.review._serve", correct)
        CliRunner().invoke(app, ["review", "--from", str(folder)], catch_exceptions=False)

    assert ReviewPage(folder).said() == {"a": {"ubuntu@one": "motorcycle", "ubuntu@two": "bicycle"}}


def test_what_another_page_wrote_is_seen(folder: Path):
    page = ReviewPage(folder)
    keep(Folder(folder), correction("b", "motorcycle"))
    page.upkeep.once()

    assert page.ids("state=wrong") == ["b"]


def test_only_labels_on_the_buttons_and_known_records(folder: Path):
    page = ReviewPage(folder)

    assert page.correct("a", "<script>") == 422
    assert page.correct("nobody", "bicycle") == 404
    assert page.post("/accept", data={"id": ["a", "nobody"]}).status_code == 404
    assert page.correct("a", "none of these") == 200
    assert "Nothing was checked." in page.post("/accept").text


def test_who_only_looks_cannot_correct(folder: Path):
    page = ReviewPage(folder, "viewer", may_correct=False)

    assert page.correct("a", "bicycle") == 403
    assert page.post("/accept", data={"id": "a"}).status_code == 403
    assert page.post("/undo").status_code == 403
    assert page.said() == {}
    assert '<form class="labels"' not in page.get("/").text


def test_a_folder_that_cannot_be_written_keeps_nothing(folder: Path):
    (folder / "corrections").write_bytes(b"a file where a folder is needed")
    page = ReviewPage(folder)

    said = page.post("/correct", data={"id": "a", "label": "bicycle"})
    assert said.status_code == 503
    assert "can&#39;t write" in said.text
    assert page.ids("state=reviewed") == []
