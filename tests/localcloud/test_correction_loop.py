"""Images are uploaded, corrected on the review page and trained on by the next run of the training machine."""

import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from review.app import make_app
from review.index import Index
from review.parts import make_parts
from review.people import Visitor
from review.sync import Sources
from signpost.aws.files import Bucket
from signpost.capture.originals import originals
from tests.conftest import ROOT
from tests.localcloud.deployed_app import App, Examples
from tests.localcloud.running_cloud import wait_for
from tests.localcloud.training_runs import DATA, PACKAGE, TrainingRuns
from tests.unit.sample_datasets import classes_of, pack_tar
from training.data.drawn import draw_file


class Loop:
    """The review page and the training machine of the vehicle classifier."""

    def __init__(self, app: App, runs: TrainingRuns, folder: Path) -> None:
        self._app, self._runs = app, runs
        s3 = app.cloud.client("s3")
        captured, decisions = Bucket(s3, app.where["CapturedBucket"]), Bucket(s3, app.where["DecisionsBucket"])
        uploads = originals(s3, app.settings.limits.as_limits())
        sources = Sources(captured, "capture/", decisions, uploads, app.settings)
        self._parts = make_parts(Index(folder / "index.sqlite"), sources, lambda _: Visitor("anna", True))
        self._page = TestClient(make_app(self._parts), headers={"hx-request": "true"})
        self._put_archives(folder)
        (folder / "evaluation.npz").write_bytes(runs.pictures)
        environment = {
            "PYTHONPATH": f"{Path(__file__).parent / 'stand_in_program'}:{ROOT}",
            "PYTHONSAFEPATH": "1",
            "STAND_IN_PACKAGE": str(PACKAGE),
            "STAND_IN_EVALUATION": str(folder / "evaluation.npz"),
        }
        self._machine = runs.unhosted(environment)

    def _put_archives(self, folder: Path) -> None:
        first, second = self._runs.archives
        for name, classes in (
            (first, classes_of(bicycle=12, motorcycle=12, tulip=12)),
            (second, classes_of(frog=12, ship=12)),
        ):
            archive = pack_tar(folder / name, classes)
            self._runs.s3.upload_file(str(archive), self._app.where["ModelsBucket"], f"{DATA}{name}")

    def upload(self, image: bytes, classifier: str = "vehicle") -> str:
        """Route an image, and return its decision's id."""
        return self._app.router.route_event(self._app.put(image) | {"classifier": classifier}).decision_id

    def correct(self, decision_id: str, label: str, shown: str) -> None:
        """Correct a decision on the page, once the page shows a text with it."""

        def is_shown() -> bool:
            self._parts.upkeep.once()
            return shown in self._page.get("/record", params={"id": decision_id}).text

        wait_for(is_shown, 30)
        answer = self._page.post("/correct", data={"id": decision_id, "label": label})
        assert answer.status_code == 200, answer.text

    def undo(self) -> None:
        self._page.post("/undo")

    def train(self) -> dict[str, Any]:
        """Run the training machine, and return what the manifest says of the data."""
        ended = self._runs.ended(self._runs.start(self._machine))
        assert ended["status"] == "SUCCEEDED", ended.get("cause")
        summary = json.loads(ended["output"])
        bucket, _, key = summary["package"].removeprefix("s3://").partition("/")
        package = self._runs.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        with tarfile.open(fileobj=io.BytesIO(package)) as tar:
            file = tar.extractfile("manifest.json")
            assert file
            data = json.load(file)["data"]
        assert summary["corrected"]["images"] == sum(data["corrected"].values())
        return data


@pytest.fixture
def loop(app: App, tmp_path: Path) -> Iterator[Loop]:
    yield Loop(app, TrainingRuns(app, tmp_path), tmp_path)


def test_corrected_images_and_outliers_are_trained_on(loop: Loop, examples: Examples) -> None:
    # GIVEN images that endpoints and functions classified, trained without corrections
    bicycle, motorcycle = examples.one("nearby-orders"), examples.one("distant-orders")
    ids = [loop.upload(bicycle), loop.upload(motorcycle), loop.upload(draw_file("bicycle", 3, 3)[1], "dog-breed")]
    before = loop.train()
    # WHEN people correct them, one to "none of these", and another classifier's too
    for decision_id, label in zip(ids, ("motorcycle", "none of these", "none of these"), strict=True):
        loop.correct(decision_id, label, "Captured in" if label == "motorcycle" else decision_id)
    try:
        after = loop.train()
    finally:
        for _ in ids:
            loop.undo()
    # THEN the next run trains on them, and not on the other classifier's
    more = {label: after["corrected"][label] - count for label, count in before["corrected"].items()}
    assert more == {"bicycle": 0, "motorcycle": 1, "none of these": 1}
    counts = {group: after["counts"]["train"][group] - n for group, n in before["counts"]["train"].items()}
    assert {group: n for group, n in counts.items() if n} == {"photographs": 1, "photographed_outliers": 1}
    assert after["fingerprint"] != before["fingerprint"]
    # AND what is measured stays the same
    assert after["counts"]["test"] == before["counts"]["test"]
    assert after["split"]["fingerprints"]["test"] == before["split"]["fingerprints"]["test"]
