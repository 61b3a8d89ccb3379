"""Hosting is one word in signpost.toml: the same pictures get the same decisions, wherever the model runs."""

import json
import time

import pytest

from signpost.errors import RoutingFault
from signpost.routing.contracts import Answer, ModelRef, Outcome, Prediction, decision_id
from tests.localcloud.elsewhere import HOSTINGS
from tests.localcloud.running_cloud import wait_for

# Name of the endpoint and of the component.
COMPONENT = "elsewhere-now-and-then-components-m5-large"


@pytest.mark.parametrize("classifier", HOSTINGS)
def test_a_picture_is_routed_without_an_instance(elsewhere, examples, classifier):
    for ending, route in {"nearby-orders": "nearby-orders", "distant-orders": "distant-orders", "review": None}.items():
        decision = elsewhere.router.route_event({**elsewhere.put(examples.one(ending)), "classifier": classifier})
        assert decision.classifier == classifier
        assert (decision.outcome, decision.route) == (Outcome.ROUTED if route else Outcome.REVIEW, route)


def test_the_classifier_in_the_lambda_has_no_endpoint(elsewhere):
    endpoints = elsewhere.cloud.client("sagemaker").list_endpoints(NameContains="elsewhere")["Endpoints"]
    assert {endpoint["EndpointName"] for endpoint in endpoints} == {
        "elsewhere-without-servers-serverless-2048-mb",
        "elsewhere-some-time-async-m5-large",
        COMPONENT,
    }


def test_an_async_endpoint_is_in_service_with_its_places_in_s3(elsewhere):
    sagemaker = elsewhere.cloud.client("sagemaker")

    def in_service():
        endpoint = sagemaker.describe_endpoint(EndpointName="elsewhere-some-time-async-m5-large")
        return endpoint if endpoint["EndpointStatus"] == "InService" else None

    config = sagemaker.describe_endpoint_config(EndpointConfigName=wait_for(in_service)["EndpointConfigName"])
    output = config["AsyncInferenceConfig"]["OutputConfig"]
    assert output["S3OutputPath"].endswith("/async-output/elsewhere-some-time-async-m5-large")
    assert output["S3FailurePath"].endswith("/async-errors/elsewhere-some-time-async-m5-large")


def test_an_answer_that_comes_late_is_read_and_not_asked_for_again(elsewhere, examples):
    # GIVEN a picture that the endpoint was asked about before, and has not answered
    elsewhere.faults()
    event = {**elsewhere.put(examples.one("nearby-orders")), "classifier": "some-time"}
    asked = decision_id(event["s3_bucket"], event["s3_key"], event["version_id"], "some-time")
    captured, s3 = elsewhere.where["CapturedBucket"], elsewhere.cloud.client("s3")
    late = {"Bucket": captured, "Key": f"async-output/elsewhere-some-time-async-m5-large/{asked}.out"}
    question = {
        "output": f"s3://{captured}/{late['Key']}",
        "failure": f"s3://{captured}/async-errors/elsewhere-some-time-async-m5-large/{asked}-error.out",
        "asked": time.time(),
    }
    kept = {
        "Bucket": elsewhere.where["DecisionsBucket"],
        "Key": f"questions/elsewhere-some-time-async-m5-large/{asked}.json",
    }
    s3.put_object(**kept, Body=json.dumps(question).encode())
    # WHEN it is routed, THEN who asks is told to wait
    with pytest.raises(RoutingFault, match=r"EndpointAsleep.*asked before") as told:
        elsewhere.router.route_event(event)
    assert told.value.waits
    # WHEN the answer comes, which is another than a new question would get
    prediction = Prediction(
        label="motorcycle", confidence=1, probabilities={"motorcycle": 1}, threshold=0.5, energy=-99, energy_threshold=9
    )
    answer = Answer(predictions=[prediction], model=ModelRef(name="vehicle", version="late"), timings_ms={})
    s3.put_object(**late, Body=answer.model_dump_json().encode())
    # THEN that answer decides, once
    [decision] = wait_for(lambda: elsewhere.messages("QueueSomeTimeDistantOrders", asked))
    assert (decision.label, decision.model) == ("motorcycle", answer.model)
    assert elsewhere.faults() == []


@pytest.fixture
def no_copy(elsewhere):
    """The component has no copy until the test wants one."""
    sagemaker = elsewhere.cloud.client("sagemaker")

    def scale(copies):
        sagemaker.update_inference_component_runtime_config(
            InferenceComponentName=COMPONENT, DesiredRuntimeConfig={"CopyCount": copies}
        )

        def settled():
            component = sagemaker.describe_inference_component(InferenceComponentName=COMPONENT)
            return component["InferenceComponentStatus"] == "InService"

        wait_for(settled)

    scale(0)
    yield scale
    scale(1)


def test_a_picture_that_finds_no_copy_is_decided_once_there_is_one(elsewhere, examples, no_copy):
    elsewhere.faults()
    event = {**elsewhere.put(examples.one("nearby-orders")), "classifier": "now-and-then"}
    # WHEN there is no copy, THEN who asks is told so
    with pytest.raises(RoutingFault, match=r"EndpointAsleep.*no capacity") as told:
        elsewhere.router.route_event(event)
    assert told.value.waits
    # WHEN scaling has started one
    no_copy(1)
    # THEN the picture is decided without anybody asking again, and once
    asked = decision_id(event["s3_bucket"], event["s3_key"], event["version_id"], "now-and-then")
    [decision] = wait_for(lambda: elsewhere.messages("QueueNowAndThenNearbyOrders", asked))
    assert (decision.outcome, decision.route) == (Outcome.ROUTED, "nearby-orders")
    assert elsewhere.faults() == []


def test_the_scaling_of_a_component_is_registered(elsewhere):
    scaling = elsewhere.cloud.client("application-autoscaling")
    wanted = {"ServiceNamespace": "sagemaker", "ResourceId": f"inference-component/{COMPONENT}"}
    policies = scaling.describe_scaling_policies(**wanted)["ScalingPolicies"]
    assert sorted(policy["PolicyType"] for policy in policies) == [
        "StepScaling",
        "StepScaling",
        "TargetTrackingScaling",
    ]


def test_a_classifier_that_is_off_rejects_with_its_reason_until_it_is_switched_on(elsewhere, examples):
    event = {**elsewhere.put(examples.one("nearby-orders")), "classifier": "not-yet"}
    refused = elsewhere.router.route_event(event)
    assert refused.outcome is Outcome.REJECTED
    assert refused.reason is not None
    assert refused.reason.code == "classifier_off"
    # Another id than the one it has once the classifier is on, so that it is looked at anew.
    assert refused.decision_id != decision_id(event["s3_bucket"], event["s3_key"], event["version_id"], "not-yet")
