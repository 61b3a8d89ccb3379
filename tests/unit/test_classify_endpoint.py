"""The endpoint's answers and errors, in the shapes that botocore's model of SageMaker allows."""

import io
import json

import boto3
import pytest
from botocore.exceptions import ConnectTimeoutError
from botocore.response import StreamingBody
from botocore.stub import ANY, Stubber

from lambdas.classify.endpoint import ask
from signpost.errors import EndpointAsleep, EndpointRefused, EndpointThrottled, EndpointUnwell

ANSWER = {
    "predictions": [
        {
            "label": "bicycle",
            "confidence": 0.9,
            "probabilities": {"bicycle": 0.9, "motorcycle": 0.1},
            "threshold": 0.8,
            "energy": -4.0,
            "energy_threshold": None,
        }
    ],
    "model": {"name": "vehicle", "version": "1"},
    "timings_ms": {"invoke": 0.2},
}


@pytest.fixture
def runtime():
    return boto3.client(
        "sagemaker-runtime", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )


def test_the_picture_goes_out_under_the_decisions_id_and_the_answer_comes_back(runtime):
    body = json.dumps(ANSWER).encode()
    expected = {
        "EndpointName": "signpost-vehicle",
        "Body": b"png",
        "ContentType": "image/png",
        "Accept": "application/json",
        "InferenceId": "some-id",
    }
    with Stubber(runtime) as stub:
        stub.add_response("invoke_endpoint", {"Body": StreamingBody(io.BytesIO(body), len(body))}, expected)
        answer = ask(runtime, "signpost-vehicle", b"png", "some-id")
    assert answer.predictions[0].label == "bicycle"
    assert answer.model.version == "1"


@pytest.mark.parametrize(
    ("code", "meta", "expected"),
    [
        ("ModelError", {"OriginalStatusCode": 500, "OriginalMessage": "x"}, EndpointUnwell),
        ("ModelError", {"OriginalStatusCode": 400, "OriginalMessage": "unable to evaluate payload"}, EndpointRefused),
        ("ServiceUnavailable", {}, EndpointUnwell),
        ("ThrottlingException", {}, EndpointThrottled),
        ("ModelError", {"OriginalStatusCode": 429, "OriginalMessage": "busy"}, EndpointThrottled),
        ("ModelNotReadyException", {}, EndpointUnwell),
        ("InternalFailure", {}, EndpointUnwell),
        ("ValidationError", {}, EndpointRefused),
        ("AccessDeniedException", {}, EndpointRefused),
    ],
)
def test_an_error_is_either_worth_a_retry_or_not(runtime, code, meta, expected):
    with Stubber(runtime) as stub:
        stub.add_client_error("invoke_endpoint", code, "what happened", 400, modeled_fields=meta)
        with pytest.raises(expected, match=f"signpost-vehicle failed with {code}: what happened"):
            ask(runtime, "signpost-vehicle", b"png", "some-id")


def test_a_component_without_a_copy_is_asleep_and_asking_again_at_once_is_no_use(runtime):
    message = "Inference Component has no capacity to process this request. ApplicationAutoScaling may be in-progress."
    with Stubber(runtime) as stub:
        asked = {"EndpointName": "e", "InferenceComponentName": "e"}
        expected = asked | dict.fromkeys(("Body", "ContentType", "Accept", "InferenceId"), ANY)
        stub.add_client_error("invoke_endpoint", "ValidationError", message, 400, expected_params=expected)
        with pytest.raises(EndpointAsleep, match="has no capacity"):
            ask(runtime, "e", b"png", "some-id", component="e")


def test_an_answer_that_is_no_prediction_is_refused(runtime):
    body = b"[0.9, 0.1]"
    with Stubber(runtime) as stub:
        stub.add_response(
            "invoke_endpoint",
            {"Body": StreamingBody(io.BytesIO(body), len(body))},
            {"EndpointName": ANY, "Body": ANY, "ContentType": ANY, "Accept": ANY, "InferenceId": ANY},
        )
        with pytest.raises(EndpointRefused, match="something else than predictions"):
            ask(runtime, "signpost-vehicle", b"png", "some-id")


def test_silence_is_worth_a_retry():
    class Silent:
        def invoke_endpoint(self, **_):
            raise ConnectTimeoutError(endpoint_url="http://127.0.0.1")

    with pytest.raises(EndpointUnwell, match="did not answer"):
        ask(Silent(), "signpost-vehicle", b"png", "some-id")
