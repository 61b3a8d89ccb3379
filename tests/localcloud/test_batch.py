"""Many pictures through the batch machine."""

import json
import os
import signal
import uuid

import pytest

from tests.localcloud.deployed_app import VEHICLE_ENDPOINT
from tests.localcloud.running_cloud import wait_for
from tests.samples import sample_event


@pytest.fixture
def prefix():
    return f"batches/{uuid.uuid4()}/"


def run(app, event):
    """Run the batch machine to its end."""
    return app.end_of_batch(app.start_batch(event))


def test_two_hundred_pictures_are_routed_and_none_is_lost_or_doubled(app, examples, prefix):
    keys = [app.put(data, f"{prefix}{index:03d}.jpg")["s3_key"] for index, data in enumerate(examples.many(200))]
    execution = run(app, sample_event("batch-prefix.json", prefix=prefix))
    assert execution["status"] == "SUCCEEDED"
    assert [f"{fault['error']}: {fault.get('cause')}" for fault in app.faults()] == []
    assert app.decided_keys(prefix) == keys


def test_a_manifest_names_the_pictures(app, examples, prefix):
    keys = [app.put(data, f"{prefix}{index}.jpg")["s3_key"] for index, data in enumerate(examples.many(3))]
    manifest = app.put(json.dumps(keys[:2]).encode(), f"{prefix}manifest.json")
    assert run(app, sample_event("batch-manifest.json", manifest=manifest["s3_key"]))["status"] == "SUCCEEDED"
    assert app.decided_keys(prefix) == keys[:2]


def test_an_input_without_pictures_fails_and_says_what_is_allowed(app):
    execution = run(app, {"folder": "x"})
    assert (execution["status"], execution["error"]) == ("FAILED", "BadBatch")
    assert "allowed is" in execution["cause"]


def test_a_bad_item_of_a_manifest_is_named_and_nothing_is_routed(app, examples, prefix):
    app.put(examples.one("review"), f"{prefix}0.jpg")
    manifest = app.put(json.dumps([f"{prefix}0.jpg", 7]).encode(), f"{prefix}manifest.json")
    execution = run(app, {"manifest": manifest["s3_key"]})
    assert (execution["status"], execution["error"]) == ("FAILED", "BadBatch")
    assert execution["cause"].startswith(f"Item 2 of {manifest['s3_key']} is 7; allowed is")
    assert app.decided_keys(prefix) == []


def test_a_batch_without_images_succeeds(app, prefix):
    execution = run(app, {"prefix": prefix})
    assert (execution["status"], json.loads(execution["output"])["images"]) == ("SUCCEEDED", 0)


def test_a_model_server_that_dies_in_the_middle_loses_and_doubles_nothing(app, examples, prefix):
    app.faults()
    keys = [app.put(data, f"{prefix}{index:03d}.jpg")["s3_key"] for index, data in enumerate(examples.many(60))]
    batch = app.start_batch({"prefix": prefix})
    wait_for(lambda: len(app.decided_keys(prefix)) >= 5)
    os.kill(app.cloud.server_pid(VEHICLE_ENDPOINT), signal.SIGKILL)
    assert app.end_of_batch(batch)["status"] == "SUCCEEDED"

    app.wait_for_endpoint()
    parked = [parked.event["s3_key"] for parked, _ in app.router.redrive()]
    assert app.decided_keys(prefix) == keys
    assert set(parked) <= set(keys)
    assert app.faults() == []
