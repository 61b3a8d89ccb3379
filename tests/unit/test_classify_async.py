"""An asynchronous endpoint: the input goes to S3, the answer comes from S3."""

import io
import json

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from lambdas.classify import async_endpoint
from signpost.errors import EndpointAsleep, EndpointRefused
from tests.unit.test_classify_endpoint import ANSWER

KEYS = {"region_name": "us-east-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}
OUTPUT = {"Bucket": "captured", "Key": "async-output/signpost-vehicle/1.out"}
FAILURE = {"Bucket": "captured", "Key": "async-errors/signpost-vehicle/1.out"}


@pytest.fixture
def endpoint(monkeypatch):
    """Stubs of both services that have accepted one request, and the call that makes it."""
    runtime, s3 = boto3.client("sagemaker-runtime", **KEYS), boto3.client("s3", **KEYS)
    monkeypatch.setattr(async_endpoint, "_POLL_SECONDS", 0)
    with Stubber(runtime) as runtime_stub, Stubber(s3) as s3_stub:
        put = {"Bucket": "decisions", "Key": "prepared/some-id.png", "Body": b"png", "ContentType": "image/png"}
        s3_stub.add_response("put_object", {}, put)
        asked = {
            "EndpointName": "signpost-vehicle",
            "InputLocation": "s3://decisions/prepared/some-id.png",
            "ContentType": "image/png",
            "Accept": "application/json",
            "InferenceId": "some-id",
        }
        places = {
            "OutputLocation": f"s3://captured/{OUTPUT['Key']}",
            "FailureLocation": f"s3://captured/{FAILURE['Key']}",
        }
        runtime_stub.add_response("invoke_endpoint_async", places, asked)
        yield s3_stub, lambda: async_endpoint.ask(runtime, s3, "signpost-vehicle", "decisions", b"png", "some-id")
        s3_stub.assert_no_pending_responses()


def missing(stub, where):
    stub.add_client_error("get_object", "NoSuchKey", http_status_code=404, expected_params=where)


def found(stub, where, body):
    stub.add_response("get_object", {"Body": StreamingBody(io.BytesIO(body), len(body))}, where)


def test_the_answer_is_waited_for(endpoint):
    stub, ask = endpoint
    missing(stub, OUTPUT)
    missing(stub, FAILURE)
    found(stub, OUTPUT, json.dumps(ANSWER).encode())
    assert ask().predictions[0].label == "bicycle"


def test_a_failure_is_told(endpoint):
    stub, ask = endpoint
    missing(stub, OUTPUT)
    found(stub, FAILURE, b"the model could not load")
    with pytest.raises(EndpointRefused, match="the model could not load"):
        ask()


def test_silence_is_not_asked_again_at_once(endpoint, monkeypatch):
    stub, ask = endpoint
    monkeypatch.setattr(async_endpoint, "_PATIENCE_SECONDS", 0)
    with pytest.raises(EndpointAsleep, match="wrote no answer"):
        ask()
    assert stub is not None
