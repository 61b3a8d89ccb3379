"""How the settings say that traffic moves to a new model, and what SageMaker is told."""

from typing import Any

import pytest
from pydantic import ValidationError

from localcloud.sagemaker.update_policy import update_policy
from signpost.aws.guardrails import guarded_update
from signpost.settings.endpoint import EndpointSettings
from signpost.settings.hosting import Hosting


@pytest.mark.parametrize(
    ("settings", "hosting", "routing"),
    [
        ({"min_instances": 1}, Hosting.REALTIME, {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}),
        ({"update": "all-at-once"}, Hosting.REALTIME, {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}),
        ({}, Hosting.ASYNC, {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}),
        (
            {},
            Hosting.REALTIME,
            {
                "Type": "CANARY",
                "CanarySize": {"Type": "INSTANCE_COUNT", "Value": 1},
                "WaitIntervalInSeconds": 300,
            },
        ),
        (
            {"update": "linear"},
            Hosting.REALTIME,
            {
                "Type": "LINEAR",
                "LinearStepSize": {"Type": "CAPACITY_PERCENT", "Value": 25},
                "WaitIntervalInSeconds": 300,
            },
        ),
    ],
)
def test_the_word_in_the_settings_is_sagemakers_traffic_routing(
    settings: dict[str, Any], hosting: Hosting, routing: dict[str, Any]
) -> None:
    policy = guarded_update(_endpoint(**settings), hosting, ["a"])["BlueGreenUpdatePolicy"]
    assert policy["TrafficRoutingConfiguration"] == routing


@pytest.mark.parametrize("update", ["canary", "linear"])
@pytest.mark.parametrize(("fewest", "now"), [(2, 2), (3, 5), (4, 4), (5, 100)])
def test_every_step_is_one_that_sagemaker_takes(update: str, fewest: int, now: int) -> None:
    settings = _endpoint(update=update, min_instances=fewest)
    assert update_policy(guarded_update(settings, Hosting.REALTIME, ["a"]), now).alarms == ("a",)


def test_linear_steps_of_one_instance_are_refused_with_a_reason() -> None:
    with pytest.raises(ValidationError, match="needs min_instances of 2 or more"):
        _endpoint(update="linear", min_instances=1)


def _endpoint(**settings: Any) -> EndpointSettings:
    return EndpointSettings(**{"min_instances": 4, "max_instances": 100, **settings})
