"""Corrections are joined with the images that they are about, wherever these are, and written as one set."""

import datetime as dt
import json
from pathlib import Path

import pytest

from localcloud.sagemaker.capture import Payload
from signpost.aws.files import Folder
from signpost.capture.corrected_images import CorrectedSources
from signpost.capture.corrected_set import write_corrected_set
from signpost.capture.corrections import NONE_OF_THESE, Correction, keep
from signpost.errors import DatasetError, PictureError
from signpost.routing.contracts import Decision, ImageRef, Outcome
from tests.unit.captured_folder import AT, add, answer
from tests.unit.sample_datasets import noise
from training.data.corrected import read_corrected_set


class Captured:
    """A bucket of captured records and corrections, an archive of decisions, and uploaded images by key."""

    def __init__(self, folder: Path) -> None:
        self.records, self.decisions, self.uploads = folder / "captured", folder / "decisions", dict[str, bytes]()
        self.to = folder / "set"
        for path in (self.records, self.decisions, self.to):
            path.mkdir()

    def capture(self, name: str, seed: int, endpoint: str = "signpost-vehicle") -> None:
        add(self.records, name, Payload("image/png", noise(seed)), answer(0.25), endpoint=endpoint)

    def decide(self, name: str, classifier: str, image: bytes | None) -> None:
        """Archive a decision about an upload, which is gone if there is no image."""
        decision = Decision(
            decision_id=name,
            image=ImageRef(bucket="incoming", key=f"uploads/{name}"),
            classifier=classifier,
            outcome=Outcome.REVIEW,
        )
        path = self.decisions / "decisions/2026/01/02" / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(decision.model_dump_json())
        if image is not None:
            self.uploads[f"uploads/{name}"] = image

    def correct(self, name: str, label: str, by: str = "anna") -> None:
        keep(Folder(self.records), Correction.make(name, label, by, AT + dt.timedelta(hours=1)))

    @property
    def sources(self) -> CorrectedSources:
        return CorrectedSources(
            Folder(self.records),
            "capture/",
            lambda endpoint: endpoint == "signpost-vehicle",
            Folder(self.decisions),
            self._original,
            "vehicle",
        )

    def _original(self, image: ImageRef) -> bytes:
        if image.key not in self.uploads:
            raise PictureError("image_not_found", "The image no longer exists in S3.")
        return self.uploads[image.key]

    def read(self) -> dict[str, str]:
        """The label of each image of the set, by decision."""
        dataset = read_corrected_set(self.to, 8, 8, ["bicycle", "motorcycle"], lambda _line: None)
        split = dataset.parts["all"]
        return {name: dataset.classes[label] for name, label in zip(split.names, split.labels.tolist(), strict=True)}


@pytest.fixture
def captured(tmp_path: Path) -> Captured:
    return Captured(tmp_path)


def test_images_are_found_in_records_and_where_nothing_was_captured_as_uploaded(captured: Captured):
    captured.capture("a", 1)
    captured.capture("a", 1)  # a retry
    captured.capture("other", 3, endpoint="signpost-dog-breed")
    captured.decide("a", "vehicle", noise(4))
    captured.decide("b", "vehicle", noise(5))
    captured.decide("dog", "dog-breed", noise(6))
    captured.decide("gone", "vehicle", None)
    for name, label in {"a": "bicycle", "b": NONE_OF_THESE, "other": "pug", "dog": "pug", "gone": "bicycle"}.items():
        captured.correct(name, label)

    joined = write_corrected_set(captured.sources, Folder(captured.to))

    assert captured.read() == {"a": "bicycle", "b": "none of these"}
    assert (joined.images, joined.records, joined.unmatched) == (2, 2, 3)
    assert joined.skipped == ["decisions/2026/01/02/gone.json: The image no longer exists in S3."]
    lines = [json.loads(line) for line in (captured.to / "provenance.jsonl").read_text().splitlines()]
    assert [(captured.to / line["file"]).read_bytes() for line in lines] == [noise(1), noise(5)]
    assert lines[1]["source"] == {"decision": "decisions/2026/01/02/b.json"}


def test_a_set_without_corrections_has_a_file_and_can_be_read(captured: Captured):
    captured.capture("a", 1)
    captured.correct("a", "bicycle", by="anna")
    captured.correct("a", "motorcycle", by="bob")

    write_corrected_set(captured.sources, Folder(captured.to))

    assert captured.read() == {}
    assert json.loads((captured.to / "summary.json").read_text())["conflicts"] == 1


def test_without_corrections_no_record_is_read(captured: Captured, monkeypatch: pytest.MonkeyPatch):
    captured.capture("a", 1)
    monkeypatch.setattr("signpost.capture.corrected_images.record_files", lambda *_: pytest.fail("records were listed"))

    joined = write_corrected_set(captured.sources, Folder(captured.to))

    assert (joined.images, sorted(path.name for path in captured.to.iterdir())) == (
        0,
        ["provenance.jsonl", "summary.json"],
    )


def test_labels_that_differ_have_folders_that_differ(captured: Captured):
    labels = ["自行车", "摩托车", "a/b", "a_b", "a:b", "x" * 200, "x" * 199, "..", " "]
    for number, label in enumerate(labels):
        captured.capture(f"d{number}", number)
        captured.correct(f"d{number}", label)

    write_corrected_set(captured.sources, Folder(captured.to))

    lines = [json.loads(line) for line in (captured.to / "provenance.jsonl").read_text().splitlines()]
    assert {line["label"] for line in lines} == set(labels)
    assert len({line["file"].partition("/")[0] for line in lines}) == len(labels)
    assert {path.parent.parent for path in captured.to.rglob("*.png")} == {captured.to}


def test_a_set_is_not_trusted(captured: Captured, tmp_path: Path):
    captured.capture("a", 1)
    captured.correct("a", "bicycle")
    write_corrected_set(captured.sources, Folder(captured.to))
    (tmp_path / "secret.png").write_bytes(noise(2))
    line = json.loads((captured.to / "provenance.jsonl").read_text())
    hostile = [line | {"file": file, "decision_id": "x"} for file in ("../secret.png", "/etc/passwd", "gone.png", ".")]
    text = "\n".join(["junk", *map(json.dumps, [*hostile, line])])
    (captured.to / "provenance.jsonl").write_text(text)

    assert captured.read() == {"a": "bicycle"}


def test_a_folder_that_is_no_set_is_refused(tmp_path: Path):
    with pytest.raises(DatasetError, match=r"has no provenance.jsonl: write the set by `signpost capture export"):
        read_corrected_set(tmp_path, 8, 8, None, lambda _line: None)
