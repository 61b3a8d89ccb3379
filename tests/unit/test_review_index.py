"""The index holds what the files say, reads only what is new, and answers page by page."""

import datetime as dt
import json
import re
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from localcloud.sagemaker.capture import Payload
from review.filters import Filter
from review.records import PAGE, count, page
from signpost.aws.files import Folder, Found
from signpost.capture.corrections import CORRECTIONS, keep
from tests.unit.captured_folder import AT, JSON, NO_PROBABILITIES, add, add_hostile, answer, write_line
from tests.unit.review_page import ReviewPage, correction
from tests.unit.sample_datasets import noise

PICTURE = Payload("image/png", noise(1))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five records, from 90 % bicycle to 95 % motorcycle, a day apart."""
    folder = tmp_path / "captured"
    for n, bicycle in enumerate((0.9, 0.7, 0.55, 0.35, 0.05)):
        add(folder, f"d{n}", PICTURE, answer(bicycle, version=f"v{n % 2}"), at=AT + dt.timedelta(days=n))
    return folder


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "d2 d3 d1 d0 d4"),
        ("order=time", "d4 d3 d2 d1 d0"),
        ("label=bicycle", "d2 d1 d0"),
        ("outcome=routed", "d0 d4"),
        ("outcome=review&label=motorcycle", "d3"),
        ("classifier=vehicle&model=v1", "d3 d1"),
        ("classifier=dog-breed", ""),
        ("least=0.6&most=0.8", "d3 d1"),
        ("since=2026-01-03&until=2026-01-04", "d2 d1"),
        ("id=d3", "d3"),
        ("id=d", "d2 d3 d1 d0 d4"),
        ("id=%25", ""),
        ("label=&outcome=&least=&since=&state=&id=", "d2 d3 d1 d0 d4"),
    ],
)
def test_filters_and_orders(query: str, found: str, folder: Path):
    assert ReviewPage(folder).ids(query) == found.split()


@pytest.mark.parametrize("query", ["least=2", "since=yesterday", "order=size", "state=x", "after=x", "after=[[],1]"])
def test_a_filter_that_makes_no_sense_is_refused(query: str, folder: Path):
    answered = ReviewPage(folder).get(f"/?{query}")

    assert answered.status_code == 422
    assert "<h1>" in answered.text


def test_an_event_id_finds_its_record(folder: Path):
    record = add(folder, "d9", PICTURE, answer(0.5))

    assert ReviewPage(folder).ids(f"id={record['eventMetadata']['eventId']}") == ["d9"]


def test_the_outcome_is_that_of_the_filter_function(folder: Path):
    add(folder, "foreign", PICTURE, Payload(JSON, b"[0.2, 0.8]"), endpoint="other")
    page_ = ReviewPage(folder)

    assert "nearby-orders" in page_.get("/record?id=d0").text
    assert "below its threshold of 80.0%" in page_.get("/record?id=d1").text
    assert "outcome not known" in page_.get("/record?id=foreign").text


def test_pages_follow_each_other_without_gaps(tmp_path: Path):
    folder = tmp_path / "captured"
    for n in range(2 * PAGE + 3):
        add(folder, f"d{n:03}", PICTURE, answer(0.6))  # all of one doubt and one time
    index = ReviewPage(folder).index

    seen, after = list[str](), None
    with index.open() as database:
        while found := page(database, Filter(), after):
            seen += [record.decision_id for record in found]
            after = found[-1].cursor(Filter().order)

    assert sorted(seen) == [f"d{n:03}" for n in range(2 * PAGE + 3)]


def test_only_new_files_are_read_again_and_gone_ones_forgotten(folder: Path, monkeypatch: pytest.MonkeyPatch):
    page_ = ReviewPage(folder)
    read: list[str] = []
    chunks = Folder.chunks
    monkeypatch.setattr(Folder, "chunks", lambda self, key: read.append(key) or chunks(self, key))

    page_.upkeep.once()
    assert read == []
    add(folder, "d5", PICTURE, answer(0.6), at=AT + dt.timedelta(days=9))
    page_.upkeep.once()
    assert len(read) == 1
    assert len(page_.ids()) == 6
    (folder / read[0]).unlink()
    page_.upkeep.once()
    assert len(page_.ids()) == 6
    assert page_.get("/picture?id=d5").status_code == 422
    page_.sync(whole=True)
    assert len(page_.ids()) == 5


def test_between_whole_rounds_only_the_latest_two_hours_are_listed(folder: Path, monkeypatch: pytest.MonkeyPatch):
    page_ = ReviewPage(folder)
    page_.correct("d0", "bicycle")
    page_.upkeep.once()
    asked: list[tuple[str, str]] = []
    listing = Folder.list
    monkeypatch.setattr(Folder, "list", lambda self, *place: asked.append(place) or listing(self, *place))

    for at in (AT + dt.timedelta(days=3), AT + dt.timedelta(days=9), AT - dt.timedelta(days=9)):
        add(folder, f"{at:%d}", PICTURE, answer(0.6), at=at)
    page_.upkeep.once()

    root = "capture/signpost-vehicle/AllTraffic/"
    assert (root, f"{root}2026/01/05/03") in asked
    assert re.fullmatch(r"corrections/\d{4}/\d\d/\d\d/\d\d", dict(asked)["corrections/"])
    assert len(page_.ids()) == 7
    page_.sync(whole=True)
    assert len(page_.ids()) == 8


def test_the_newest_hour_is_read_first_and_the_latest_record_of_an_id_counts(folder: Path):
    add(folder, "d0", PICTURE, answer(0.2), at=AT + dt.timedelta(days=30))

    assert ReviewPage(folder).ids("order=time")[0] == "d0"
    assert ReviewPage(folder, "bob").ids("label=motorcycle&id=d0") == ["d0"]


def test_what_cannot_be_read_is_counted_and_shown(folder: Path):
    write_line(folder, b"junk <script>")
    add(folder, "x", PICTURE, Payload(JSON, b"nothing"))
    (folder / CORRECTIONS).mkdir()
    (folder / CORRECTIONS / "bad.jsonl").write_bytes(b"{}\n")
    page_ = ReviewPage(folder)

    assert "3 that can't be read" in page_.get("/").text
    assert "not valid JSON" in page_.get("/unreadable").text
    assert len(page_.ids()) == 5


def test_hostile_records_stop_nothing(folder: Path):
    hostile = add_hostile(folder)
    page_ = ReviewPage(folder)

    assert f"{hostile} that can't be read" in page_.get("/").text
    assert sorted(page_.ids()) == ["d0", "d1", "d2", "d3", "d4", "good"]


def test_hostile_decisions_stop_nothing(folder: Path, tmp_path: Path):
    decision = '{"decision_id": "%s", "image": {"bucket": null, "key": null}, "classifier": "vehicle", '
    decision += '"outcome": "review", "probabilities": {"bicycle": %s, "motorcycle": 0.75}}'
    files = {f"2026/01/05/{n}": number for n, number in enumerate(NO_PROBABILITIES)}
    files |= {"2026/13/45/x": "0.25", "2026/01/05/good": "0.25"}
    for name, number in files.items():
        path = tmp_path / "archive" / "decisions" / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(decision % (path.stem, number))
    page_ = ReviewPage(folder, decisions=tmp_path / "archive")

    assert f"{len(files) - 1} that can't be read" in page_.get("/").text
    assert "it can&#39;t be indexed: month must be in 1..12" in page_.get("/unreadable").text
    assert sorted(page_.ids()) == ["d0", "d1", "d2", "d3", "d4", "good"]


def test_a_shadow_decides_nothing(folder: Path):
    add(folder, "d0", PICTURE, answer(0.1), at=AT + dt.timedelta(days=30))
    [path] = folder.glob("capture/*/AllTraffic/2026/02/*/*/*.jsonl")
    target = Path(str(path).replace("AllTraffic", "Shadow"))
    target.parent.mkdir(parents=True)
    path.rename(target)

    assert ReviewPage(folder).ids("label=motorcycle&id=d0") == []


def test_decisions_join_their_records_and_stand_alone(folder: Path, tmp_path: Path):
    decision = {
        "decision_id": "d1",
        "image": {"bucket": "b", "key": "k"},
        "classifier": "vehicle",
        "outcome": "routed",
        "route": "nearby-orders",
        "label": "bicycle",
        "confidence": 0.7,
        "probabilities": {"bicycle": 0.7, "motorcycle": 0.3},
        "threshold": 0.6,
        "model": {"name": "vehicle", "version": "v1"},
    }
    rejected = {"decision_id": "r", "image": {"bucket": None, "key": None}, "classifier": None, "outcome": "rejected"}
    archive = tmp_path / "archive" / "decisions" / "2026" / "01" / "05"
    archive.mkdir(parents=True)
    for number, one in enumerate((decision, rejected)):
        (archive / f"{number}.json").write_text(json.dumps(one))
    (archive / "bad.json").write_text("{")
    page_ = ReviewPage(folder, decisions=tmp_path / "archive")

    assert page_.ids("outcome=routed") == ["d1", "d0", "d4"]
    assert page_.ids("order=time&since=2026-01-03&until=2026-01-03") == ["d1"]  # when it was captured
    assert page_.ids("outcome=rejected") == ["r"]
    assert page_.get("/picture?id=r").status_code == 422
    assert "1 that can't be read" in page_.get("/").text


def test_what_rekognition_said_can_be_compared(folder: Path):
    lines = [{"decision_id": "d0", "label": "Bicycle"}, {"decision_id": "d1", "label": "Motorcycle"}]
    (folder / "opinions").mkdir()
    (folder / "opinions" / "monday.jsonl").write_text("\n".join(map(json.dumps, lines)))

    assert ReviewPage(folder).ids("disagrees=on") == ["d1"]


def test_reviews_can_be_filtered(folder: Path):
    for name, label, by in (
        ("d0", "bicycle", "a"),
        ("d1", "motorcycle", "a"),
        ("d2", "bicycle", "a"),
        ("d2", "x", "b"),
    ):
        keep(Folder(folder), correction(name, label, by))
    page_ = ReviewPage(folder)

    found = {state: page_.ids(f"state={state}") for state in ("open", "reviewed", "wrong", "conflict")}
    assert found == {"open": ["d3", "d4"], "reviewed": ["d1", "d0"], "wrong": ["d1"], "conflict": ["d2"]}
    with page_.index.open() as database:
        assert count(database, Filter()) == 5


def test_while_records_are_read_the_page_says_so_and_then_shows_them(folder: Path):
    page_ = ReviewPage(folder, read=False)

    assert "Reading records" in page_.get("/").text
    assert "HX-Trigger" not in page_.get("/status").headers
    page_.upkeep.once()
    assert "Reading records" not in page_.get("/").text
    assert page_.get("/status").headers["HX-Trigger"] == "indexed"


def test_what_cannot_be_listed_is_said_until_it_can(folder: Path, monkeypatch: pytest.MonkeyPatch):
    page_ = ReviewPage(folder)

    def refuse(*_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ListObjectsV2")

    with monkeypatch.context() as patched:
        patched.setattr(Folder, "list", refuse)
        page_.upkeep.once()
    assert "AccessDenied" in page_.get("/").text
    assert len(page_.ids()) == 5
    page_.upkeep.once()
    assert "AccessDenied" not in page_.get("/").text


def test_a_file_that_vanishes_while_it_is_listed_is_no_fault(folder: Path, monkeypatch: pytest.MonkeyPatch):
    keep(Folder(folder), correction("d0", "bicycle"))
    page_ = ReviewPage(folder, read=False)
    listing = Folder.list

    def take_back(files: Folder, *place: str) -> list[Found]:
        found = list(listing(files, *place))
        for one in found:
            if one.key.startswith("corrections/"):
                files.delete(one.key)
        return found

    monkeypatch.setattr(Folder, "list", take_back)
    page_.upkeep.once()

    assert page_.upkeep.fault is None
    assert len(page_.ids("state=open")) == 5
