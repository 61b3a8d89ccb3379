"""Updates under load: a good model takes over without a dropped request, a bad one is rolled back and says why."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Template
from botocore.exceptions import ClientError

from signpost.aws.guardrails import guarded_update, rollback_alarm_names
from signpost.settings.endpoint import EndpointSettings
from signpost.settings.hosting import Hosting
from stacks.constructs.endpoint_guards import rollback_alarms
from tests.localcloud.running_cloud import Cloud, wait_for
from tests.localcloud.sagemaker_resources import Resources
from tests.localcloud.traffic import asking

STAND_IN = Path(__file__).parent / "stand_in_server"
INSTANCES = 4


@pytest.fixture(scope="module")
def resources(cloud: Cloud) -> Resources:
    return Resources(cloud)


@pytest.fixture(scope="module")
def version_1(resources: Resources) -> str:
    """A config of several instances with version 1 of the model."""
    return resources.config(resources.model("v1.tar.gz"), instances=INSTANCES)


@pytest.fixture(scope="module")
def guarded(resources: Resources, version_1: str) -> Iterator[str]:
    """An endpoint, and the alarms that the stacks deploy for one."""
    name = resources.endpoint(version_1)
    stack = cdk.Stack(cdk.App(), "Alarms")
    rollback_alarms(stack, name, {"EndpointName": name, "VariantName": "AllTraffic"}, known_pictures=False)
    for alarm in Template.from_stack(stack).find_resources("AWS::CloudWatch::Alarm").values():
        resources.cloud.client("cloudwatch").put_metric_alarm(**alarm["Properties"])
    assert resources.settled(name)["EndpointStatus"] == "InService"
    yield name
    resources.sagemaker.delete_endpoint(EndpointName=name)


@pytest.fixture
def endpoint(resources: Resources, guarded: str, version_1: str) -> str:
    """It, with version 1 in production and alarms that are quiet, whatever the test before did."""
    if resources.settled(guarded)["EndpointConfigName"] != version_1:
        resources.sagemaker.update_endpoint(EndpointName=guarded, EndpointConfigName=version_1)
        assert resources.settled(guarded)["EndpointConfigName"] == version_1
    names = list(rollback_alarm_names(guarded, known_pictures=False).values())

    def quiet() -> bool:
        alarms = resources.cloud.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]
        assert len(alarms) == len(names)
        return all(alarm["StateValue"] == "OK" for alarm in alarms)

    wait_for(quiet)
    return guarded


def candidate(resources: Resources, behaviour: str) -> str:
    """A config of a model whose server behaves so."""
    environment = {"BEHAVIOUR": behaviour, "PYTHONPATH": str(STAND_IN), "PYTHONSAFEPATH": "1"}
    return resources.config(resources.model("v2.tar.gz", environment), instances=INSTANCES)


def guards(endpoint: str, **routing: Any) -> dict[str, Any]:
    """The stacks' guardrails of an endpoint with several instances, with other traffic routing where it is given."""
    settings = EndpointSettings(min_instances=INSTANCES, max_instances=INSTANCES)
    alarms = list(rollback_alarm_names(endpoint, known_pictures=False).values())
    found = guarded_update(settings, Hosting.REALTIME, alarms)
    if routing:
        found["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"] = routing
        found["BlueGreenUpdatePolicy"]["TerminationWaitInSeconds"] = 60
    return found


def half(wait: int) -> dict[str, Any]:
    size = {"Type": "CAPACITY_PERCENT", "Value": 50}
    return {"Type": "CANARY", "CanarySize": size, "WaitIntervalInSeconds": wait}


def pending_steps(resources: Resources, endpoint: str) -> list[tuple[int, str]]:
    """Instances with traffic and status of the coming deployment, each pair once, until the update is over."""
    seen: dict[tuple[int, str], None] = {}
    while pending := resources.sagemaker.describe_endpoint(EndpointName=endpoint).get("PendingDeploymentSummary"):
        (variant,) = pending["ProductionVariants"]
        seen[variant["CurrentInstanceCount"], variant["VariantStatus"][0]["Status"]] = None
    return list(seen)


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("does-not-start", "did not pass the ping health check.*the stand-in does not start"),
        ("crashes", "{endpoint}-server-errors is in state ALARM"),
        ("fails", "{endpoint}-server-errors is in state ALARM"),
        ("is-slow", "{endpoint}-slow-answers is in state ALARM"),
    ],
)
def test_a_broken_candidate_is_rolled_back_and_production_goes_on(
    resources: Resources, endpoint: str, version_1: str, behaviour: str, reason: str
) -> None:
    # GIVEN an endpoint under load
    with asking(resources.cloud, endpoint) as traffic:
        wait_for(traffic.versions)
        # WHEN it is updated to a model that does harm
        resources.sagemaker.update_endpoint(
            EndpointName=endpoint,
            EndpointConfigName=candidate(resources, behaviour),
            DeploymentConfig=guards(endpoint, **half(wait=1200)),
        )
        before = len(traffic.answers)
        description = resources.settled(endpoint)
        # THEN all the time the old model went on answering, and after the rollback it alone does
        assert "1" in traffic.versions()[before:]
        errors, answers = len(traffic.errors), len(traffic.answers)
        wait_for(lambda: len(traffic.answers) > answers + 50 or len(traffic.errors) > errors)
    assert set(traffic.versions()[answers + 10 :]) == {"1"}
    # One call may have been on its way for each caller.
    assert len(traffic.errors) <= errors + 4
    # AND the endpoint says why, and has the config of before
    assert description["EndpointStatus"] == "InService"
    assert description["EndpointConfigName"] == version_1
    assert "PendingDeploymentSummary" not in description
    assert re.search(reason.format(endpoint=endpoint), description["FailureReason"]), description["FailureReason"]
    # AND only the candidate's share ever failed
    said = {error["OriginalMessage"] for error in traffic.errors}
    assert said <= {
        '{"error": "the stand-in fails"}',
        "The model server cannot be reached.",
        "The model server is not running; it is started again.",
    }
    assert bool(said) == (behaviour in ("crashes", "fails"))


def test_linear_traffic_passes_through_its_steps(resources: Resources, endpoint: str) -> None:
    with asking(resources.cloud, endpoint) as traffic:
        wait_for(traffic.versions)
        # WHEN traffic moves in steps of a quarter, each of a second here
        size = {"Type": "INSTANCE_COUNT", "Value": 1}
        linear = {"Type": "LINEAR", "LinearStepSize": size, "WaitIntervalInSeconds": 60}
        config = candidate(resources, "answers")
        resources.sagemaker.update_endpoint(
            EndpointName=endpoint, EndpointConfigName=config, DeploymentConfig=guards(endpoint, **linear)
        )
        # THEN the update can be watched, step by step
        seen = [step for step in pending_steps(resources, endpoint) if step[1] == "Baking"]
        assert seen == [(instances, "Baking") for instances in (1, 2, 3, 4)]
        assert resources.settled(endpoint)["EndpointConfigName"] == config
    # AND each second another quarter of the requests went to the new model
    start = traffic.first("stand-in")
    shares = []
    for step in range(4):
        found = traffic.versions(start + step + 0.1, start + step + 0.9)
        shares.append(found.count("stand-in") / len(found))
    # Each request draws its model, so with some 80 requests a second a share scatters by 0.05.
    assert shares == pytest.approx([0.25, 0.5, 0.75, 1.0], abs=0.2)
    assert not traffic.errors


def test_an_update_under_load_drops_no_request(resources: Resources, endpoint: str, version_1: str) -> None:
    # GIVEN a model in production and callers that never pause
    config = resources.config(resources.model("v2.tar.gz"), instances=INSTANCES)
    with asking(resources.cloud, endpoint) as traffic:
        wait_for(traffic.versions)
        # WHEN it is updated as the stacks do it: a canary that bakes, then all, then the old one ends
        resources.sagemaker.update_endpoint(
            EndpointName=endpoint, EndpointConfigName=config, DeploymentConfig=guards(endpoint)
        )
        assert resources.sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"] == version_1
        description = resources.settled(endpoint)
        wait_for(lambda: set(traffic.versions()[-20:]) == {"2"})
    # THEN every request was answered, for a while by both, in the end by the new one
    assert not traffic.errors
    start = traffic.first("2")
    canary = traffic.versions(start, start + 4)
    assert canary.count("2") / len(canary) == pytest.approx(1 / INSTANCES, abs=0.12)
    assert set(traffic.versions(start + 6)) == {"2"}
    assert (description["EndpointStatus"], description["EndpointConfigName"]) == ("InService", config)
    assert "FailureReason" not in description


def test_a_canary_of_a_single_instance_is_refused(resources: Resources, endpoint: str) -> None:
    config = resources.config(resources.model("v1.tar.gz"))
    with pytest.raises(ClientError, match=r"CanarySize of 50% is not possible.*which are 1\."):
        resources.sagemaker.update_endpoint(
            EndpointName=endpoint, EndpointConfigName=config, DeploymentConfig=guards(endpoint, **half(wait=60))
        )
    assert resources.settled(endpoint)["EndpointStatus"] == "InService"
