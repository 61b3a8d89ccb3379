"""What each role may not do, tried from inside a function that runs with that very role."""

import io
import json
import sys
import uuid
import zipfile

import pytest

from tests.localcloud.deployed_app import VEHICLE_ENDPOINT

PROBE = """
import boto3
from botocore.exceptions import ClientError

def handler(event, context):
    client = boto3.client(event["service"])
    try:
        getattr(client, event["call"])(**event["arguments"])
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "allowed"
"""
DENIED = {"AccessDenied", "AccessDeniedException", "AccessDenied.Exception", "403"}


@pytest.fixture(scope="module")
def probe(app):
    """Call AWS with the role of one of the app's functions."""
    lambda_ = app.cloud.client("lambda")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as code:
        code.writestr("probe.py", PROBE)
    made: dict[str, str] = {}

    def call(function, service, operation, **arguments):
        if function not in made:
            made[function] = f"probe-{uuid.uuid4().hex[:8]}"
            lambda_.create_function(
                FunctionName=made[function],
                Runtime=f"python3.{sys.version_info.minor}",
                Handler="probe.handler",
                Role=lambda_.get_function_configuration(FunctionName=function)["Role"],
                Code={"ZipFile": archive.getvalue()},
                Timeout=30,
            )
            lambda_.get_waiter("function_active_v2").wait(FunctionName=made[function])
        event = json.dumps({"service": service, "call": operation, "arguments": arguments})
        answer = lambda_.invoke(FunctionName=made[function], Payload=event)
        return json.loads(answer["Payload"].read())

    yield call
    for name in made.values():
        lambda_.delete_function(FunctionName=name)


def test_serialize_may_read_pictures_but_change_nothing(app, probe):
    bucket = app.where["IncomingBucket"]
    app.put(b"x", "tests/permissions")
    assert probe("signpost-serialize", "s3", "get_object", Bucket=bucket, Key="tests/permissions") == "allowed"
    assert probe("signpost-serialize", "s3", "put_object", Bucket=bucket, Key="tests/new") in DENIED
    assert probe("signpost-serialize", "s3", "delete_object", Bucket=bucket, Key="tests/permissions") in DENIED


@pytest.mark.parametrize("bucket", ["ModelsBucket", "CapturedBucket", "DecisionsBucket"])
def test_serialize_may_not_read_the_other_buckets(app, probe, bucket):
    app.cloud.client("s3").put_object(Bucket=app.where[bucket], Key="tests/permissions", Body=b"x")
    assert probe("signpost-serialize", "s3", "get_object", Bucket=app.where[bucket], Key="tests/permissions") in DENIED


def test_serialize_may_write_nothing_but_prepared_pictures(app, probe):
    bucket = app.where["DecisionsBucket"]
    assert probe("signpost-serialize", "s3", "put_object", Bucket=bucket, Key="prepared/x.png") == "allowed"
    assert probe("signpost-serialize", "s3", "put_object", Bucket=bucket, Key="decisions/x.json") in DENIED


def test_classify_may_ask_its_own_endpoint_and_no_other(probe):
    for endpoint in ("signpost-dog-breed", "another-endpoint"):
        arguments = {"EndpointName": endpoint, "Body": "x", "ContentType": "image/png"}
        assert probe("signpost-classify-vehicle", "sagemaker-runtime", "invoke_endpoint", **arguments) in DENIED
    arguments = {"EndpointName": VEHICLE_ENDPOINT, "Body": "x", "ContentType": "image/png"}
    assert probe("signpost-classify-vehicle", "sagemaker-runtime", "invoke_endpoint", **arguments) == "ModelError"
    assert probe("signpost-classify-vehicle", "sagemaker", "delete_endpoint", EndpointName=VEHICLE_ENDPOINT) in DENIED


@pytest.mark.parametrize("function", ["signpost-serialize", "signpost-classify-vehicle", "signpost-filter"])
def test_no_function_may_send_to_a_queue_or_touch_the_table(app, probe, function):
    queue, table = app.where["QueueVehicleNearbyOrders"], app.where["DecisionsTable"]
    assert probe(function, "sqs", "send_message", QueueUrl=queue, MessageBody="x") in DENIED
    key = {"decision_id": {"S": "x"}}
    assert probe(function, "dynamodb", "get_item", TableName=table, Key=key) in DENIED
