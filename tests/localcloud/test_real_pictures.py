"""The deployed app on real photographs, real events and real bad input."""

import json
import uuid

import pytest

from signpost.errors import PictureError
from signpost.images.limits import Limits
from signpost.images.prepare import prepare
from signpost.routing.contracts import Outcome
from tests.localcloud.deployed_app import solid_png
from tests.samples import sample_event
from training.data.folders import open_pictures

LABELS = ["bicycle", "motorcycle"]


def test_photographs_are_routed_and_hardly_any_to_the_wrong_route(app, shared_data):
    pictures = list(open_pictures(shared_data / "cifar-100-python.tar.gz", LABELS).pictures)[::5]
    right, wrong = 0, 0
    for label, _, data in pictures:
        decision = app.router.route_event(app.put(data))
        assert decision.outcome in {Outcome.ROUTED, Outcome.REVIEW}
        if decision.outcome is Outcome.ROUTED:
            right, wrong = right + (decision.label == label), wrong + (decision.label != label)
    assert len(pictures) == 20
    assert right >= 10
    assert wrong <= 1


@pytest.mark.parametrize("name", ["input-example.json", "serialize-event.json"])
def test_inputs_of_existing_workflows_run_unchanged(app, examples, shared_data, name):
    event = json.loads((shared_data / "scones-workflows" / name).read_text())
    # Only the bucket's name is masked in the recorded event.
    app.put(examples.one("nearby-orders"), event["s3_key"])
    decision = app.router.route_event(event | {"s3_bucket": app.where["IncomingBucket"]})
    assert (decision.outcome, decision.route) == (Outcome.ROUTED, "nearby-orders")
    assert decision.image.key == event["s3_key"]


def test_the_sample_of_such_an_event_runs_too(app, examples):
    event = sample_event("scones-workflow.json", s3_bucket=app.where["IncomingBucket"])
    app.put(examples.one("distant-orders"), event["s3_key"])
    assert app.router.route_event(event).route == "distant-orders"


def test_every_messy_picture_gets_a_decision_that_says_what_the_core_says(app, shared_data):
    files = sorted(file for file in (shared_data / "messy").rglob("*") if file.is_file())
    assert len(files) > 50
    for file in files:
        data = file.read_bytes()
        try:
            prepare(data, 32, 32, Limits())
            expected = None
        except PictureError as error:
            expected = error.code
        decision = app.router.route_event(app.put(data, f"messy/{uuid.uuid4()}/{file.name}"))
        rejected = decision.reason.code if decision.outcome is Outcome.REJECTED and decision.reason else None
        assert rejected == expected, file.name


def test_a_flat_picture_is_no_vehicle(app):
    decision = app.router.route_event(app.put(solid_png(640, 480, "white")))
    assert decision.outcome is Outcome.REVIEW


def test_dogs_go_to_their_breed_group(app, shared_data):
    routes = app.settings.classifiers["dog-breed"].route_of
    pictures = list(open_pictures(shared_data / "dog-breeds-32.tar.gz", list(routes)).pictures)[::150]
    right, wrong = 0, 0
    for label, _, data in pictures:
        decision = app.router.route_event({**app.put(data), "classifier": "dog-breed"})
        assert decision.outcome in {Outcome.ROUTED, Outcome.REVIEW}
        if decision.outcome is Outcome.ROUTED:
            right, wrong = right + (decision.route == routes[label]), wrong + (decision.route != routes[label])
    assert len(pictures) == 18
    assert right >= 5
    assert wrong <= 2
