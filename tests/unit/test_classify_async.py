"""An asynchronous endpoint: the input goes to S3, the answer comes from S3."""

import io
import json
from functools import partial

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
QUESTION = {"Bucket": "decisions", "Key": "questions/signpost-vehicle/some-id.json"}
NOW = 1_700_000_000.0
KEPT = {
    "output": f"s3://captured/{OUTPUT['Key']}",
    "failure": f"s3://captured/{FAILURE['Key']}",
    "asked": NOW,
}


class Services:
    """Stubs of both services, and what is asked of them in turn."""

    def __init__(self, runtime: Stubber, s3: Stubber) -> None:
        self._runtime, self._s3 = runtime, s3

    def accept(self) -> None:
        """Take one request, as it should be, and its place in S3."""
        put = {"Bucket": "decisions", "Key": "prepared/some-id.png", "Body": b"png", "ContentType": "image/png"}
        self._s3.add_response("put_object", {}, put)
        asked = {
            "EndpointName": "signpost-vehicle",
            "InputLocation": "s3://decisions/prepared/some-id.png",
            "ContentType": "image/png",
            "Accept": "application/json",
            "InferenceId": "some-id",
            "RequestTTLSeconds": 3600,
        }
        places = {"OutputLocation": KEPT["output"], "FailureLocation": KEPT["failure"]}
        self._runtime.add_response("invoke_endpoint_async", places, asked)

    def take_question(self) -> None:
        kept = json.dumps(KEPT, separators=(",", ":")).encode()
        self._s3.add_response("put_object", {}, {**QUESTION, "Body": kept, "ContentType": "application/json"})

    def lack(self, where: dict[str, str]) -> None:
        self._s3.add_client_error("get_object", "NoSuchKey", http_status_code=404, expected_params=where)

    def hold(self, where: dict[str, str], body: bytes) -> None:
        self._s3.add_response("get_object", {"Body": StreamingBody(io.BytesIO(body), len(body))}, where)

    def keep_question(self) -> None:
        self.hold(QUESTION, json.dumps(KEPT).encode())


@pytest.fixture
def endpoint(monkeypatch):
    """The services, and the call that asks about one picture."""
    runtime, s3 = boto3.client("sagemaker-runtime", **KEYS), boto3.client("s3", **KEYS)
    monkeypatch.setattr(async_endpoint, "_POLL_SECONDS", 0)
    monkeypatch.setattr(async_endpoint.time, "time", lambda: NOW)
    with Stubber(runtime) as runtime_stub, Stubber(s3) as s3_stub:
        ask = partial(async_endpoint.ask_once, runtime, s3, "signpost-vehicle", "decisions", b"png", "some-id")
        yield Services(runtime_stub, s3_stub), ask
        runtime_stub.assert_no_pending_responses()
        s3_stub.assert_no_pending_responses()


def test_the_answer_is_waited_for(endpoint):
    services, ask = endpoint
    services.lack(QUESTION)
    services.accept()
    services.lack(OUTPUT)
    services.lack(FAILURE)
    services.hold(OUTPUT, json.dumps(ANSWER).encode())
    assert ask().predictions[0].label == "bicycle"


def test_a_failure_is_told(endpoint):
    services, ask = endpoint
    services.lack(QUESTION)
    services.accept()
    services.lack(OUTPUT)
    services.hold(FAILURE, b"the model could not load")
    with pytest.raises(EndpointRefused, match="the model could not load"):
        ask()


def test_after_a_long_silence_the_question_is_kept(endpoint, monkeypatch):
    services, ask = endpoint
    monkeypatch.setattr(async_endpoint, "_PATIENCE_SECONDS", 0)
    services.lack(QUESTION)
    services.accept()
    services.take_question()
    with pytest.raises(EndpointAsleep, match="wrote no answer"):
        ask()


def test_the_answer_to_an_earlier_question_is_read_and_nothing_asked(endpoint):
    services, ask = endpoint
    services.keep_question()
    services.hold(OUTPUT, json.dumps(ANSWER).encode())
    assert ask().predictions[0].label == "bicycle"


def test_what_still_waits_in_the_queue_is_neither_asked_again_nor_waited_for(endpoint):
    services, ask = endpoint
    services.keep_question()
    services.lack(OUTPUT)
    services.lack(FAILURE)
    with pytest.raises(EndpointAsleep, match="asked before"):
        ask()


@pytest.mark.parametrize(("where", "body"), [(FAILURE, b"out of memory"), (OUTPUT, b"nonsense")])
def test_a_question_that_failed_is_asked_anew(endpoint, where, body):
    services, ask = endpoint
    services.keep_question()
    if where is FAILURE:
        services.lack(OUTPUT)
    services.hold(where, body)
    services.accept()
    services.hold(OUTPUT, json.dumps(ANSWER).encode())
    assert ask().predictions[0].label == "bicycle"


@pytest.mark.parametrize(
    "kept",
    [
        json.dumps(KEPT | {"asked": NOW - 3600}).encode(),
        json.dumps(KEPT | {"asked": NOW + 1e9}).encode(),
        json.dumps({"place": "another version's"}).encode(),
        b"\xff",
        b"",
    ],
    ids=["too old", "from the future", "another version", "no text", "nothing"],
)
def test_a_question_that_cannot_be_used_counts_for_nothing(endpoint, kept):
    services, ask = endpoint
    services.hold(QUESTION, kept)
    services.accept()
    services.hold(OUTPUT, json.dumps(ANSWER).encode())
    assert ask().predictions[0].label == "bicycle"
