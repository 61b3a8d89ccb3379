"""Keys that programs often mangle, from the upload to the redrive, and objects that stand for folders."""

import json
import uuid

import pytest

from signpost.errors import PictureError
from signpost.routing.contracts import Decision
from tests.localcloud.running_cloud import wait_for

NAMES = [
    "plus+percent%20%.jpg",
    "line\nbreak\tand\x01control\x7f.jpg",
    "nfd-e\u0301-nfc-é.jpg",
    "bike-\U0001f6b2.jpg",
    "quotes\"'<&>,;.jpg",
    "space and //slashes/../.jpg",
    "separator\u2028\x85.jpg",
]


@pytest.fixture
def folder():
    return f"incoming/vehicle/{uuid.uuid4()}/"


@pytest.fixture
def upload(app, examples):
    """Put an image under a key; return the key."""

    def put(key):
        app.cloud.client("s3").put_object(
            Bucket=app.where["IncomingBucket"], Key=key, Body=examples.one("nearby-orders")
        )
        return key

    return put


def end_of_batch(app, event):
    execution = app.end_of_batch(app.start_batch(event))
    assert execution["status"] == "SUCCEEDED", execution
    return execution


@pytest.mark.parametrize("name", NAMES)
def test_a_key_of_any_characters_is_routed_by_its_upload(app, upload, folder, name):
    key = upload(folder + name)
    wait_for(lambda: app.decided_keys(folder) == [key])


def test_keys_of_any_characters_are_routed_by_batches_and_by_a_redrive(app, examples):
    folder, event = f"batches/{uuid.uuid4()}/", {}
    for name in NAMES:
        event = app.put(examples.one("nearby-orders"), folder + name)
    keys = sorted(folder + name for name in NAMES)
    # WHEN they are listed, named by a manifest, and redriven THEN each is decided once, under its own key
    end_of_batch(app, {"prefix": folder})
    assert app.decided_keys(folder) == keys
    manifest = app.put(json.dumps(keys, ensure_ascii=False).encode("utf-8-sig"))
    end_of_batch(app, {"manifest": manifest["s3_key"]})
    for key in keys:
        record = {"input": {**event, "s3_key": key, "version_id": None}, "error": "EndpointUnwell"}
        app.cloud.client("sqs").send_message(QueueUrl=app.where["QueueFaults"], MessageBody=json.dumps(record))
    redriven = {parked.event["s3_key"]: decision for parked, decision in app.router.redrive()}
    assert sorted(redriven) == keys
    for key, decision in redriven.items():
        assert isinstance(decision, Decision)
        assert decision.image.key == key
    assert app.decided_keys(folder) == keys


def test_a_batch_takes_the_classifier_from_the_key(app):
    s3, bucket = app.cloud.client("s3"), app.where["IncomingBucket"]
    key = f"incoming/cat/{uuid.uuid4()}.jpg"
    s3.put_object(Bucket=bucket, Key=key, Body=b"")
    end_of_batch(app, {"prefix": key})
    decisions = [decision for decision in app.all_messages("QueueRejected") if decision.image.key == key]
    assert {decision.classifier for decision in decisions} == {"cat"}


def test_a_folder_is_no_image(app, upload, folder):
    # GIVEN a folder as the console makes it, and one of a name with a dot WHEN an image follows
    s3, bucket = app.cloud.client("s3"), app.where["IncomingBucket"]
    for key in (folder, f"{folder}2026.11/"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    image = upload(f"{folder}a.jpg")
    wait_for(lambda: image in app.decided_keys(folder))
    # THEN neither the uploads nor a batch decide anything on the folders
    end_of_batch(app, {"prefix": folder})
    assert app.decided_keys(folder) == [image]
    # AND who names one learns why, and a redrive does not keep it
    event = {"s3_bucket": bucket, "s3_key": folder}
    with pytest.raises(PictureError, match="stands for a folder"):
        app.router.route_event(event)
    app.cloud.client("sqs").send_message(QueueUrl=app.where["QueueFaults"], MessageBody=json.dumps(event))
    [(_, result)] = app.router.redrive()
    assert isinstance(result, PictureError)
    assert app.faults() == []


def test_a_notification_of_s3_is_routed_as_one_event(app, examples):
    event = app.put(examples.one("nearby-orders"), f"uploads/a bé {uuid.uuid4()}.jpg")
    bucket, key = event["s3_bucket"], event["s3_key"].replace(" ", "+").replace("é", "%C3%A9")
    record = {"eventSource": "aws:s3", "s3": {"bucket": {"name": bucket}, "object": {"key": key}}}
    assert app.router.route_event({"Records": [record]}).image.key == event["s3_key"]
    refused = app.router.route_event({"Records": [record, record]})
    assert refused.reason.code == "several_records"
