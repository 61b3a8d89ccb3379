"""How an endpoint moves to another model: in steps, and back when an alarm says that it does harm.

The stacks and the training machine update the same endpoints, so both take it from here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from signpost.settings import EndpointSettings, Hosting

_BAKE_SECONDS = 300
_UPDATE_SECONDS = 3600


def rollback_alarm_names(endpoint_name: str) -> dict[str, str]:
    """Name the alarms that bring the old instances back.

    Parameters
    ----------
    endpoint_name : str
        Whose alarms.

    Returns
    -------
    dict of str to str
        Name of each alarm, by the construct that it is in the stack.
    """
    return {"ServerErrors": f"{endpoint_name}-server-errors", "SlowAnswers": f"{endpoint_name}-slow-answers"}


def guarded_update(settings: EndpointSettings, hosting: Hosting, alarms: Sequence[str]) -> dict[str, Any]:
    """Describe how an update reaches the traffic, and what undoes it.

    Parameters
    ----------
    settings : EndpointSettings
        Number of instances.
    hosting : Hosting
        Only ``realtime`` keeps instances that a canary can be taken from.
    alarms : sequence of str
        Names of alarms, each of which brings the old instances back.

    Returns
    -------
    dict
        SageMaker's ``DeploymentConfig``.
    """
    # SageMaker allows a canary of half of the instances at most, so a single one can't have any.
    canary = hosting is Hosting.REALTIME and settings.min_instances > 1
    return {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {
                "Type": "CANARY" if canary else "ALL_AT_ONCE",
                "WaitIntervalInSeconds": _BAKE_SECONDS if canary else 0,  # SageMaker asks for it in any case
                **({"CanarySize": {"Type": "INSTANCE_COUNT", "Value": 1}} if canary else {}),
            },
            # The old instances stay this long: time enough for an alarm to bring them back.
            "TerminationWaitInSeconds": _BAKE_SECONDS,
            "MaximumExecutionTimeoutInSeconds": _UPDATE_SECONDS,
        },
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": alarm} for alarm in alarms]},
    }
