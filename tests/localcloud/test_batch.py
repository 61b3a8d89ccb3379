"""Many pictures through the batch machine."""

import json
import uuid

import pytest
from running_cloud import wait_for


def run(app, event):
    """Run the batch machine to its end."""
    sfn = app.cloud.client("stepfunctions")
    arn = sfn.start_execution(stateMachineArn=app.where["BatchMachine"], input=json.dumps(event))["executionArn"]

    def ended():
        execution = sfn.describe_execution(executionArn=arn)
        return execution if execution["status"] != "RUNNING" else None

    return wait_for(ended, seconds=240)


@pytest.fixture
def prefix():
    return f"batches/{uuid.uuid4()}/"


def decided_keys(app, prefix):
    """Key of every decision in every queue that belongs to a prefix, as often as it lies there."""
    queues = ["QueueVehicleNearbyOrders", "QueueVehicleDistantOrders", "QueueReview", "QueueRejected"]
    keys = [message.image.key for queue in queues for message in app.all_messages(queue)]
    return sorted(key for key in keys if key and key.startswith(prefix))


def test_two_hundred_pictures_are_routed_and_none_is_lost_or_doubled(app, examples, prefix):
    keys = [app.put(data, f"{prefix}{index:03d}.jpg")["s3_key"] for index, data in enumerate(examples.many(200))]
    execution = run(app, {"prefix": prefix, "classifier": "vehicle"})
    assert execution["status"] == "SUCCEEDED"
    assert decided_keys(app, prefix) == keys
    assert app.faults() == []


def test_a_manifest_names_the_pictures(app, examples, prefix):
    keys = [app.put(data, f"{prefix}{index}.jpg")["s3_key"] for index, data in enumerate(examples.many(3))]
    manifest = app.put(json.dumps(keys[:2]).encode(), f"{prefix}manifest.json")
    assert run(app, {"manifest": manifest["s3_key"]})["status"] == "SUCCEEDED"
    assert decided_keys(app, prefix) == keys[:2]


def test_an_input_without_pictures_fails_and_says_what_is_allowed(app):
    execution = run(app, {"folder": "x"})
    assert (execution["status"], execution["error"]) == ("FAILED", "BadBatch")
    assert "allowed is" in execution["cause"]
