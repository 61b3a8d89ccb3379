"""The review page on what the deployed app really wrote: records, decisions, pictures; and back to training."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from review.app import make_app
from review.index import Index
from review.parts import make_parts
from review.people import Visitor
from review.sync import Sources
from signpost.aws.files import Bucket
from signpost.capture.originals import originals
from signpost.routing.contracts import Outcome
from tests.localcloud.running_cloud import wait_for
from training.data.corrected import read_captured
from training.data.drawn import draw_file

PATIENCE_SECONDS = 30


@pytest.fixture
def page(app, cloud, tmp_path: Path) -> TestClient:
    s3 = cloud.client("s3")
    captured, decisions = Bucket(s3, app.where["CapturedBucket"]), Bucket(s3, app.where["DecisionsBucket"])
    fetch = originals(s3, app.settings.limits.as_limits())
    sources = Sources(captured, "capture/", decisions, fetch, app.settings)
    parts = make_parts(Index(tmp_path / "index.sqlite"), sources, lambda _: Visitor("anna", True))
    return TestClient(make_app(parts), headers={"hx-request": "true"})


def _shown(page: TestClient, decision_id: str) -> str:
    upkeep = page.app.state.parts.upkeep
    upkeep.once()
    assert upkeep.fault is None
    return page.get("/record", params={"id": decision_id}).text


def test_a_captured_decision_is_shown_corrected_and_trained_on(app, cloud, examples, page):
    decision = app.router.route_event(app.put(examples.one("nearby-orders")))
    name = decision.decision_id
    wait_for(lambda: "Captured in" in _shown(page, name), PATIENCE_SECONDS)

    text = _shown(page, name)
    assert "nearby-orders" in text
    assert f"model {decision.model.version}" in text
    assert page.get("/picture", params={"id": name}).content.startswith(b"\x89PNG")
    assert page.post("/correct", data={"id": name, "label": "motorcycle"}).status_code == 200
    source, lines = f"s3://{app.where['CapturedBucket']}/capture/", list[str]()
    dataset = read_captured(cloud.client("s3"), source, 32, 32, None, lines.append)
    assert name in dataset.parts["all"].names
    assert "0 lines or images that can't be read" in lines[0]
    assert "Undone: 1." in page.post("/undo").text
    assert "verdict" not in _shown(page, name)


def test_what_is_not_captured_is_shown_from_where_it_lies(app, page):
    picture = draw_file("bicycle", 0, 5)[1]
    dog = app.router.route_event(app.put(picture) | {"classifier": "dog-breed"})
    rejected = app.router.route_event(app.put(b"<svg onload='alert(1)'/>"))

    assert dog.outcome is not Outcome.REJECTED
    assert "dog-breed" in _shown(page, dog.decision_id)
    assert page.get("/picture", params={"id": dog.decision_id}).content.startswith(b"\x89PNG")
    assert "rejected" in _shown(page, rejected.decision_id)
    assert page.get("/picture", params={"id": rejected.decision_id}).status_code == 422
