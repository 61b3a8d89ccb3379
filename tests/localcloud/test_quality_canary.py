"""A model that answers known pictures wrongly is rolled back, by what the stacks deploy and nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest

from signpost.aws.guardrails import guarded_update, has_known_pictures, rollback_alarm_names
from tests.localcloud.deployed_app import VEHICLE_ENDPOINT, App
from tests.localcloud.running_cloud import wait_for
from tests.localcloud.sagemaker_resources import Resources
from tests.samples import sample_event

ENDPOINT, FUNCTION = VEHICLE_ENDPOINT, "signpost-canary-vehicle"
STAND_IN = Path(__file__).parent / "stand_in_server"


@pytest.fixture
def resources(app: App) -> Resources:
    return Resources(app.cloud)


def describe(resources: Resources) -> dict[str, Any]:
    return resources.settled(ENDPOINT)


def watched(resources: Resources) -> dict[str, Any]:
    """What the function answers when it is told that an update began."""
    answer = resources.cloud.client("lambda").invoke(
        FunctionName=FUNCTION, Payload=json.dumps(sample_event("endpoint-updating.json")).encode()
    )
    payload = json.load(answer["Payload"])
    assert "FunctionError" not in answer, payload
    return payload


def test_the_model_in_production_knows_them_all(resources: Resources) -> None:
    assert describe(resources)["EndpointStatus"] == "InService"
    assert watched(resources) == {"endpoint": ENDPOINT, "pictures": 6, "wrong": 0}


def test_a_model_that_answers_them_wrongly_is_rolled_back(app: App, resources: Resources) -> None:
    # GIVEN a model that calls everything a motorcycle, without an error and fast
    before = describe(resources)
    vehicle = app.settings.classifiers["vehicle"]
    alarms = rollback_alarm_names(ENDPOINT, known_pictures=has_known_pictures(vehicle)).values()
    guards = guarded_update(vehicle.endpoint, vehicle.hosting, list(alarms))
    guards["BlueGreenUpdatePolicy"]["TerminationWaitInSeconds"] = 1800  # a loaded machine may be slow to ask
    environment = {"BEHAVIOUR": "answers", "PYTHONPATH": str(STAND_IN), "PYTHONSAFEPATH": "1"}
    config = resources.config(resources.model("v2.tar.gz", environment), instance_type=vehicle.endpoint.instance_type)
    # A first call loads the function, as one of the last update did on AWS.
    watched(resources)
    # WHEN the endpoint is updated to it, with the guardrails of its stack
    resources.sagemaker.update_endpoint(
        EndpointName=ENDPOINT, EndpointConfigName=config, DeploymentConfig=guards, RetainAllVariantProperties=True
    )
    # THEN SageMaker's event starts the function, its metric rings the alarm, and the update is undone
    description = describe(resources)
    assert f"the alarm {ENDPOINT}-known-pictures is in state ALARM" in description["FailureReason"]
    assert description["EndpointStatus"] == "InService"
    assert description["EndpointConfigName"] == before["EndpointConfigName"]
    assert resources.version_of(ENDPOINT) != "stand-in"
    # AND once the wrong answers are past, the alarm is quiet
    cloudwatch = resources.cloud.client("cloudwatch")

    def quiet() -> bool:
        (alarm,) = cloudwatch.describe_alarms(AlarmNames=[f"{ENDPOINT}-known-pictures"])["MetricAlarms"]
        return alarm["StateValue"] == "OK"

    wait_for(quiet)
