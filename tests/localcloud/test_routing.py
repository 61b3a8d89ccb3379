"""Every ending of a picture, on the deployed app with IAM enforced."""

import io
import json
import struct
import uuid
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from signpost.routing.contracts import Outcome, decision_id
from tests.localcloud.deployed_app import VEHICLE_ENDPOINT
from tests.localcloud.running_cloud import wait_for


@pytest.mark.parametrize(
    ("label", "route", "queue"),
    [
        ("bicycle", "nearby-orders", "QueueVehicleNearbyOrders"),
        ("motorcycle", "distant-orders", "QueueVehicleDistantOrders"),
    ],
)
def test_a_picture_is_routed_to_the_queue_of_its_label(app, examples, label, route, queue):
    decision = app.router.route_event(app.put(examples.one(route)))
    assert (decision.outcome, decision.label, decision.route) == (Outcome.ROUTED, label, route)
    assert decision.confidence is not None
    assert decision.threshold is not None
    assert decision.confidence >= decision.threshold
    assert decision.model is not None
    assert decision.model.name == "vehicle"
    assert app.messages(queue, decision.decision_id) == [decision]


def test_a_doubtful_picture_goes_to_review_with_its_reason(app, examples):
    decision = app.router.route_event(app.put(examples.one("review")))
    assert (decision.outcome, decision.route) == (Outcome.REVIEW, None)
    assert decision.reason is not None
    assert decision.reason.code in {"low_confidence", "out_of_distribution"}
    assert app.messages("QueueReview", decision.decision_id) == [decision]


def test_the_loading_bay_travels_with_the_message(app, examples):
    decision = app.router.route_event(app.put(examples.one("nearby-orders")))
    sqs, url = app.cloud.client("sqs"), app.where["QueueVehicleNearbyOrders"]
    found = []
    while messages := sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], VisibilityTimeout=5
    ).get("Messages"):
        found += [message for message in messages if decision.decision_id in message["Body"]]
    assert found[0]["MessageAttributes"]["loading_bay"]["StringValue"] == "Bay 1, street side"


@pytest.fixture
def listener(app):
    """A queue that hears every event of the app's bus."""
    sqs, events = app.cloud.client("sqs"), app.cloud.client("events")
    listener = sqs.create_queue(QueueName=f"listener-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=listener, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allow = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{**allow, "Resource": arn}]})
    sqs.set_queue_attributes(QueueUrl=listener, Attributes={"Policy": policy})
    pattern = json.dumps({"detail-type": ["ImageRouted"]})
    events.put_rule(Name="listener", EventBusName=app.where["EventBus"], EventPattern=pattern)
    events.put_targets(Rule="listener", EventBusName=app.where["EventBus"], Targets=[{"Id": "1", "Arn": arn}])
    yield listener
    events.remove_targets(Rule="listener", EventBusName=app.where["EventBus"], Ids=["1"])
    events.delete_rule(Name="listener", EventBusName=app.where["EventBus"])
    sqs.delete_queue(QueueUrl=listener)


@pytest.fixture
def heard(app, listener):
    """How many events of a decision the bus has carried so far."""
    sqs, ids = app.cloud.client("sqs"), []

    def heard(decision):
        while found := sqs.receive_message(QueueUrl=listener, MaxNumberOfMessages=10).get("Messages"):
            ids.extend(json.loads(message["Body"])["detail"]["decision_id"] for message in found)
            for message in found:
                sqs.delete_message(QueueUrl=listener, ReceiptHandle=message["ReceiptHandle"])
        return ids.count(decision.decision_id)

    return heard


def test_the_decision_is_the_same_in_the_answer_the_archive_and_the_event(app, examples, listener):
    decision = app.router.route_event(app.put(examples.one("distant-orders")))
    sqs = app.cloud.client("sqs")
    [message] = wait_for(lambda: sqs.receive_message(QueueUrl=listener, WaitTimeSeconds=1).get("Messages"))
    assert json.loads(message["Body"])["detail"] == decision.model_dump(mode="json")
    s3, bucket = app.cloud.client("s3"), app.where["DecisionsBucket"]
    kept = s3.list_objects_v2(Bucket=bucket, Prefix="decisions/")["Contents"]
    [key] = [item["Key"] for item in kept if decision.decision_id in item["Key"]]
    assert json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read()) == decision.model_dump(mode="json")


def test_an_event_may_have_members_of_any_name(app, examples):
    event = app.put(examples.one("nearby-orders"))
    name = decision_id(event["s3_bucket"], event["s3_key"], event["version_id"], "vehicle")
    decision = app.router.route_event({**event, "decision_id": "mine", "serialized": {"decision_id": "mine"}})
    assert (decision.decision_id, decision.route) == (name, "nearby-orders")


def test_an_upload_is_routed_by_itself(app, examples):
    key = f"incoming/vehicle/{uuid.uuid4()}.jpg"
    event = app.put(examples.one("nearby-orders"), key)
    name = decision_id(event["s3_bucket"], key, event["version_id"], "vehicle")
    wait_for(lambda: app.status_of(name) == "dispatched")
    [decision] = app.messages("QueueVehicleNearbyOrders", name)
    assert decision.image.key == key
    assert decision.image.version_id == event["version_id"]


def test_the_same_picture_is_dispatched_once_however_often_it_is_asked_for(app, examples, heard):
    event = app.put(examples.one("nearby-orders"))
    with ThreadPoolExecutor(5) as pool:
        decisions = list(pool.map(app.router.route_event, [event] * 5))
    again = app.router.route_event(event)
    assert decisions == [again] * 5
    assert app.messages("QueueVehicleNearbyOrders", again.decision_id) == [again]
    last = app.router.route_event(app.put(examples.one("nearby-orders")))
    assert wait_for(lambda: heard(last) == 1 and heard(again)) == 1


def test_a_rejected_picture_is_dispatched_once_too(app):
    event = app.put(b"no picture")
    with ThreadPoolExecutor(3) as pool:
        decisions = list(pool.map(app.router.route_event, [event] * 3))
    assert decisions == [decisions[0]] * 3
    assert app.messages("QueueRejected", decisions[0].decision_id) == [decisions[0]]


def test_a_new_version_of_a_picture_is_a_picture_of_its_own(app, examples):
    first = app.put(examples.one("nearby-orders"))
    second = app.put(examples.one("distant-orders"), first["s3_key"])
    one, two = app.router.route_event(first), app.router.route_event(second)
    assert one.decision_id != two.decision_id
    assert (one.route, two.route) == ("nearby-orders", "distant-orders")


def test_a_captured_record_is_found_by_the_id_of_its_decision(app, examples):
    decision = app.router.route_event(app.put(examples.one("distant-orders")))
    s3, bucket = app.cloud.client("s3"), app.where["CapturedBucket"]

    def record():
        for item in s3.list_objects_v2(Bucket=bucket, Prefix=f"capture/{VEHICLE_ENDPOINT}/AllTraffic/").get(
            "Contents", []
        ):
            for line in s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read().splitlines():
                captured = json.loads(line)
                if captured["eventMetadata"].get("inferenceId") == decision.decision_id:
                    return captured
        return None

    captured = wait_for(record)["captureData"]
    assert captured["endpointInput"]["observedContentType"] == "image/png"
    answer = json.loads(captured["endpointOutput"]["data"])
    assert answer["predictions"][0]["label"] == decision.label


def jpeg(width, height):
    buffer = io.BytesIO()
    Image.effect_noise((width // 16, height // 16), 80).resize((width, height)).save(buffer, "JPEG", quality=60)
    return buffer.getvalue()


def truncated():
    whole = jpeg(640, 480)
    return whole[: len(whole) // 2]


def bomb():
    """A PNG of a few bytes that claims 3.6 gigapixels."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


REJECTED = {
    "empty_file": lambda: b"",
    "unsupported_type": lambda: b"This is no picture, whatever its name says.",
    "truncated_image": truncated,
    "decompression_bomb": bomb,
    "too_many_pixels": lambda: jpeg(12_000, 8_400),
    "too_large": lambda: b"\xff\xd8\xff" + bytes(26_214_400),
}


@pytest.mark.parametrize("code", REJECTED)
def test_a_file_that_is_no_usable_picture_is_rejected_with_its_reason_and_stays_where_it_was(app, code):
    data = REJECTED[code]()
    event = app.put(data, f"tests/{uuid.uuid4()}.jpg")
    _is_rejected(app, event, code)
    kept = app.cloud.client("s3").head_object(Bucket=event["s3_bucket"], Key=event["s3_key"])
    assert kept["ContentLength"] == len(data)


def _is_rejected(app, event, code):
    decision = app.router.route_event(event)
    assert decision.outcome is Outcome.REJECTED
    assert decision.reason is not None
    assert decision.reason.code == code
    assert decision.reason.message.endswith((".", "?"))
    assert app.messages("QueueRejected", decision.decision_id) == [decision]
    return decision


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"s3_key": "tests/not-there.jpg", "version_id": None}, "image_not_found"),
        ({"s3_key": ""}, "missing_key"),
        ({"s3_bucket": None}, "missing_bucket"),
        ({"s3_bucket": "someone-elses-bucket"}, "bucket_not_allowed"),
        ({"classifier": "cat"}, "unknown_classifier"),
        ({"classifier": ["vehicle"]}, "unknown_classifier"),
        ({"version_id": "no-such-version"}, "image_not_found"),
    ],
)
def test_a_request_that_can_not_be_answered_is_rejected_with_its_reason(app, examples, change, code):
    _is_rejected(app, {**app.put(examples.one("nearby-orders")), **change}, code)


def test_an_empty_request_is_rejected(app):
    _is_rejected(app, {}, "empty_request")
