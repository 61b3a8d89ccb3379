"""How an endpoint moves to another model: in steps, and back when an alarm says that it does harm.

The stacks and the training machine update the same endpoints, so both take it from here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from signpost.model.known_pictures import known_files
from signpost.settings.endpoint import EndpointSettings
from signpost.settings.file import Classifier
from signpost.settings.hosting import Hosting

_BAKE_SECONDS = 300
_UPDATE_SECONDS = 3600
_STEP_PERCENT = 25


def has_known_pictures(classifier: Classifier) -> bool:
    """Tell whether an update is watched with known pictures.

    Parameters
    ----------
    classifier : Classifier
        Its model may have some beside it. Only a ``realtime`` endpoint moves in a way that can be watched.

    Returns
    -------
    bool
    """
    model = classifier.model
    return classifier.hosting is Hosting.REALTIME and model is not None and bool(known_files(model))


def rollback_alarm_names(endpoint_name: str, *, known_pictures: bool) -> dict[str, str]:
    """Name the alarms that bring the old instances back.

    Parameters
    ----------
    endpoint_name : str
        Whose alarms.
    known_pictures : bool
        Whether known pictures are asked.

    Returns
    -------
    dict of str to str
        Name of each alarm, by the construct that it is in the stack.
    """
    names = {"ServerErrors": f"{endpoint_name}-server-errors", "SlowAnswers": f"{endpoint_name}-slow-answers"}
    return names | ({"KnownPictures": f"{endpoint_name}-known-pictures"} if known_pictures else {})


def guarded_update(settings: EndpointSettings, hosting: Hosting, alarms: Sequence[str]) -> dict[str, Any]:
    """Describe how an update reaches the traffic, and what undoes it.

    Parameters
    ----------
    settings : EndpointSettings
        Number of instances, and how traffic moves.
    hosting : Hosting
        Only ``realtime`` keeps instances that can be moved one by one.
    alarms : sequence of str
        Names of alarms, each of which brings the old instances back.

    Returns
    -------
    dict
        SageMaker's ``DeploymentConfig``.
    """
    # SageMaker allows a step of half of the instances at most, so a single one can only move at once.
    several = hosting is Hosting.REALTIME and settings.min_instances > 1
    routing = _steps(settings) if several else {"Type": "ALL_AT_ONCE"}
    stepwise = routing["Type"] != "ALL_AT_ONCE"
    return {
        "BlueGreenUpdatePolicy": {
            # SageMaker asks for the interval in any case.
            "TrafficRoutingConfiguration": {**routing, "WaitIntervalInSeconds": _BAKE_SECONDS if stepwise else 0},
            # The old instances stay this long: time enough for an alarm to bring them back.
            "TerminationWaitInSeconds": _BAKE_SECONDS,
            "MaximumExecutionTimeoutInSeconds": _UPDATE_SECONDS,
        },
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": alarm} for alarm in alarms]},
    }


def rolling_update(alarms: Sequence[str]) -> dict[str, Any]:
    """Describe how an update reaches the copies of an inference component, and what undoes it.

    Parameters
    ----------
    alarms : sequence of str
        Names of alarms, each of which brings the old copies back.

    Returns
    -------
    dict
        SageMaker's ``DeploymentConfig`` of a component.
    """
    return {
        "RollingUpdatePolicy": {
            # SageMaker takes 5 to 50 % of the copies; of a single one that is the one.
            "MaximumBatchSize": {"Type": "CAPACITY_PERCENT", "Value": 50},
            "WaitIntervalInSeconds": _BAKE_SECONDS,
            "MaximumExecutionTimeoutInSeconds": _UPDATE_SECONDS,
        },
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": alarm} for alarm in alarms]},
    }


def _steps(settings: EndpointSettings) -> dict[str, Any]:
    match settings.update:
        case "canary":
            return {"Type": "CANARY", "CanarySize": {"Type": "INSTANCE_COUNT", "Value": 1}}
        case "linear":
            # Scaling may have made more of them: a share fits any number, but has to be a whole instance at least.
            percent = _STEP_PERCENT if settings.min_instances * _STEP_PERCENT >= 100 else 50
            return {"Type": "LINEAR", "LinearStepSize": {"Type": "CAPACITY_PERCENT", "Value": percent}}
        case "all-at-once":
            return {"Type": "ALL_AT_ONCE"}
