"""What the page shows of an uploaded image: where it is, when it was decided, and the image itself."""

import csv
import datetime as dt
import io
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from localcloud.sagemaker.capture import Payload
from review.links import SignedLinks
from signpost.errors import PictureError
from signpost.routing.contracts import Decision, ImageRef, Outcome, Reason
from tests.unit.captured_folder import AT, add, answer
from tests.unit.review_page import ReviewPage
from tests.unit.sample_datasets import noise

HOSTILE = 'incoming/vehicle/<script>alert("1")</script>/a\nb\x1b[31m\u202egpj.é+%41.jpg'


class Uploads:
    """A bucket of uploads and the archive of the decisions about them."""

    def __init__(self, folder: Path) -> None:
        self.captured, self.archive, self.images = folder / "captured", folder / "archive", dict[str, bytes]()
        self.captured.mkdir()

    def decide(
        self, name: str, key: str, outcome: Outcome = Outcome.REVIEW, at: dt.datetime = AT, written: dt.datetime = AT
    ) -> None:
        """Archive a decision under a day; the file is written at a time."""
        is_rejected = outcome is Outcome.REJECTED
        decision = Decision(
            decision_id=name,
            image=ImageRef(bucket="uploads-bucket", key=key, version_id="v7"),
            classifier="vehicle",
            outcome=outcome,
            reason=Reason(code="unsupported_type", message="The file is text.") if is_rejected else None,
            probabilities={} if is_rejected else {"bicycle": 0.6, "motorcycle": 0.4},
        )
        path = self.archive / f"decisions/{at:%Y/%m/%d}/{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(decision.model_dump_json())
        os.utime(path, (written.timestamp(), written.timestamp()))

    def page(self) -> ReviewPage:
        return ReviewPage(self.captured, decisions=self.archive, originals=self._original)

    def _original(self, image: ImageRef) -> bytes:
        assert (image.bucket, image.version_id) == ("uploads-bucket", "v7")
        if image.key not in self.images:
            raise PictureError("image_not_found", "The image no longer exists in S3.")
        return self.images[image.key]


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    return Uploads(tmp_path)


def rows(page: ReviewPage) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(page.get("/export.csv").text, newline="")))


def test_bucket_key_and_file_name_are_on_the_card_the_record_and_in_the_csv(uploads: Uploads):
    uploads.decide("d", "incoming/vehicle/berlin/IMG_1.jpg")
    page = uploads.page()

    for text in (page.get("/").text, page.get("/record?id=d").text):
        assert "<b>IMG_1.jpg</b>" in text
        assert "<span>uploads-bucket/incoming/vehicle/berlin/IMG_1.jpg</span>" in text
    assert ">v7<" in page.get("/record?id=d").text
    [row] = rows(page)
    assert {name: row[name] for name in ("bucket", "key", "version_id", "file_name")} == {
        "bucket": "uploads-bucket",
        "key": "incoming/vehicle/berlin/IMG_1.jpg",
        "version_id": "v7",
        "file_name": "IMG_1.jpg",
    }


def test_a_hostile_key_is_escaped_and_its_control_characters_are_visible(uploads: Uploads):
    uploads.decide("d", HOSTILE)
    page = uploads.page()

    for text in (page.get("/").text, page.get("/record?id=d").text):
        assert "<script>alert" not in text
        assert r"a\nb\x1b[31m\u202egpj.é+%41.jpg" in text
        assert not {"\x1b", "\u202e"} & set(text)
    assert rows(page)[0]["key"] == HOSTILE


def test_a_formula_in_a_file_name_does_nothing_in_a_spreadsheet(uploads: Uploads):
    uploads.decide("d", "incoming/vehicle/=cmd()")

    assert rows(uploads.page())[0]["file_name"] == "'=cmd()"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (AT, "2026-01-02T03:04:05+00:00"),
        (AT + dt.timedelta(hours=21), "2026-01-03T00:04:05+00:00"),  # just after the day on which it was decided
        (AT + dt.timedelta(days=30), "2026-01-02T00:00:00+00:00"),  # a copy: only the day is known
        (AT - dt.timedelta(days=1), "2026-01-02T00:00:00+00:00"),
    ],
)
def test_a_decision_without_a_captured_record_has_the_time_at_which_it_was_archived(
    uploads: Uploads, written: dt.datetime, shown: str
):
    uploads.decide("d", "incoming/vehicle/1.jpg", at=AT, written=written)

    assert rows(uploads.page())[0]["time"] == shown


def test_the_time_of_a_captured_record_counts_more(uploads: Uploads):
    add(uploads.captured, "d", Payload("image/png", noise(1)), answer(0.25))
    uploads.decide("d", "incoming/vehicle/1.jpg", written=AT + dt.timedelta(seconds=9))

    assert rows(uploads.page())[0]["time"] == "2026-01-02T03:04:05+00:00"


def test_the_original_is_shown_on_demand_and_encoded_anew(uploads: Uploads):
    # GIVEN a captured record of few pixels, and a large upload
    add(uploads.captured, "d", Payload("image/png", noise(1, size=(32, 32))), answer(0.25))
    uploads.decide("d", "incoming/vehicle/1.jpg")
    uploads.images["incoming/vehicle/1.jpg"] = noise(2, size=(3000, 1000))
    page = uploads.page()
    # WHEN it is wanted
    assert 'href="/original?id=d"' in page.get("/").text
    original = page.get("/original?id=d")
    # THEN it comes with the headers of all answers, as pixels alone
    assert original.headers["content-type"] == "image/jpeg"
    assert "default-src 'none'" in original.headers["content-security-policy"]
    assert original.headers["x-content-type-options"] == "nosniff"
    with Image.open(io.BytesIO(original.content)) as image:
        assert (image.format, image.size) == ("JPEG", (2048, 683))
    with Image.open(io.BytesIO(page.get("/picture?id=d").content)) as image:
        assert image.size == (32, 32)


def test_an_original_that_is_gone_or_no_image_is_a_reason(uploads: Uploads):
    uploads.decide("gone", "incoming/vehicle/gone.jpg")
    uploads.decide("svg", "incoming/vehicle/1.svg")
    uploads.images["incoming/vehicle/1.svg"] = b"<svg onload='alert(1)'/>"
    page = uploads.page()

    for name, reason in (("gone", "The image no longer exists in S3."), ("svg", "The file is SVG")):
        answer_ = page.get(f"/original?id={name}")
        assert (answer_.status_code, answer_.headers["content-type"]) == (422, "text/plain; charset=utf-8")
        assert reason in answer_.text


def test_the_address_of_an_original_is_signed_like_that_of_a_picture(uploads: Uploads):
    uploads.decide("d", "incoming/vehicle/1.jpg")
    uploads.images["incoming/vehicle/1.jpg"] = noise(2)
    page = uploads.page()
    links = SignedLinks(b"key")
    page.app.state.parts = replace(page.parts, links=links)  # type: ignore[attr-defined]

    assert page.get("/original?id=d").status_code == 403
    assert page.get(f"/original?{links.query('d', 'bob')}").status_code == 403
    assert page.get(f"/original?{links.query('d', 'anna')}").status_code == 200


def test_a_rejected_file_has_no_image_no_labels_and_can_not_be_corrected(uploads: Uploads):
    uploads.decide("d", "incoming/vehicle/notes.txt", Outcome.REJECTED)
    uploads.images["incoming/vehicle/notes.txt"] = noise(1)
    page = uploads.page()

    for text in (page.get("/").text, page.get("/record?id=d").text):
        assert "notes.txt" in text
        assert "The file is text." in text
        assert not [part for part in ("<img", 'name="label" value=', "/original?") if part in text]
    assert page.correct("d", "bicycle") == 422
    assert page.get("/original?id=d").status_code == 422
    assert json.dumps(page.said()) == "{}"
