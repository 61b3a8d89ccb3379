"""The review page's index in S3: read in parts, written by one at a time, copied by many."""

import datetime as dt
from pathlib import Path

import pytest

from localcloud.sagemaker.capture import Payload
from review.deployed.copy import Copy
from review.deployed.shared_index import SharedIndex, State, bring_up_to_date
from review.filters import Filter
from review.index import Index
from review.judgements import standing
from review.records import count
from review.sync import Sources
from signpost.aws.files import Bucket, Folder
from signpost.capture.corrections import Correction, keep
from signpost.settings.file import load_settings
from tests.conftest import ROOT
from tests.unit.captured_folder import AT, add, answer
from tests.unit.sample_datasets import noise

FILES = 45


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    folder = tmp_path / "captured"
    for number in range(FILES):
        at = AT + dt.timedelta(hours=number)
        add(folder, f"record-{number}", Payload("image/png", noise(number)), answer(0.9), at=at)
    return Sources(Folder(folder), "capture/", None, None, load_settings(ROOT / "signpost.toml"))


@pytest.fixture
def shared(cloud, request) -> SharedIndex:
    client, name = cloud.client("s3"), request.node.name.replace("_", "-")[:60].strip("-")
    client.create_bucket(Bucket=name)
    return SharedIndex(Bucket(client, name), "{}")


def records(index: Index) -> int:
    with index.open() as database:
        return count(database, Filter())


def test_what_one_call_leaves_the_next_ones_read(shared, sources, tmp_path):
    first = bring_up_to_date(shared, sources, tmp_path, seconds=0)
    assert (first.whole, first.done, first.total) == ("", "20", str(FILES))
    copy = Copy(Index(tmp_path / "copy.sqlite"), shared, sources, lambda: None)
    copy.once()
    assert (copy.is_reading, copy.done, copy.total, records(copy.index)) == (True, 20, FILES, 20)

    bring_up_to_date(shared, sources, tmp_path, seconds=0)
    assert bring_up_to_date(shared, sources, tmp_path, seconds=0).whole
    late = Copy(Index(tmp_path / "another.sqlite"), shared, sources, lambda: None)
    late.once()
    assert (late.is_reading, late.fault, records(late.index)) == (False, None, FILES)


def test_nothing_is_written_where_nothing_is_new(shared, sources, tmp_path):
    bring_up_to_date(shared, sources, tmp_path, seconds=60)
    version = shared.version
    bring_up_to_date(shared, sources, tmp_path, seconds=60)
    assert shared.version == version


def test_of_two_writers_one_keeps_what_it_wrote(shared, tmp_path):
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    mine.write_bytes(b"mine")
    theirs.write_bytes(b"theirs")
    assert shared.put(theirs, State(), None)
    assert not shared.put(mine, State(), None)
    read = shared.version
    assert shared.put(mine, State(), read)
    assert not shared.put(theirs, State(), read)
    shared.fetch(tmp_path / "there")
    assert (tmp_path / "there").read_bytes() == b"mine"


def test_a_correction_is_seen_before_the_index_has_it(shared, sources, tmp_path):
    bring_up_to_date(shared, sources, tmp_path, seconds=60)
    asked: list[int] = []
    copy = Copy(Index(tmp_path / "copy.sqlite"), shared, sources, lambda: asked.append(1))
    copy.once()
    keep(sources.captured, Correction.make("record-7", "motorcycle", "anna", dt.datetime.now(dt.UTC)))
    copy.once()
    with copy.index.open() as database:
        assert standing(database, ["record-7"]).labels("record-7") == {"motorcycle"}
    assert asked == [1]


def test_what_can_not_be_read_is_said_and_stops_nothing(cloud, sources, tmp_path):
    gone = SharedIndex(Bucket(cloud.client("s3"), "a-bucket-that-is-not-there"), "{}")
    copy = Copy(Index(tmp_path / "copy.sqlite"), gone, sources, lambda: None)
    copy.once()
    assert copy.fault
    assert records(copy.index) == 0
