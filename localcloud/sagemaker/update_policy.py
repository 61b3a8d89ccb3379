"""What a `DeploymentConfig` asks of an update: in which steps traffic moves, how long each bakes, what undoes it."""

import math
from dataclasses import dataclass
from typing import Any

from localcloud.answers import ServiceError


@dataclass(frozen=True)
class UpdatePolicy:
    """How an update goes.

    Parameters
    ----------
    shares : tuple of float
        The new deployment's share of the requests, step by step; the last is 1.
    bake_seconds, termination_seconds, timeout_seconds : float
        Between two steps, between the last one and the end of the old deployment, and for all of it, as on AWS.
    alarms : tuple of str
        Names of the alarms that undo it.
    """

    shares: tuple[float, ...] = (1.0,)
    bake_seconds: float = 0.0
    termination_seconds: float = 0.0
    timeout_seconds: float = math.inf
    alarms: tuple[str, ...] = ()


def update_policy(config: dict[str, Any], instances: int) -> UpdatePolicy:
    """Read a `DeploymentConfig`.

    Parameters
    ----------
    config : dict
        It, or an empty dict: all traffic at once.
    instances : int
        The smallest fleet of a variant.

    Returns
    -------
    UpdatePolicy
        What it asks.

    Raises
    ------
    ServiceError
        `ValidationException`, if it asks what SageMaker refuses, or rolling updates, which are not imitated.
    """
    if "RollingUpdatePolicy" in config:
        raise ServiceError("ValidationException", "The local cloud updates blue/green; it has no RollingUpdatePolicy.")
    policy = config.get("BlueGreenUpdatePolicy", {})
    routing = policy.get("TrafficRoutingConfiguration", {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0})
    bake, termination = routing["WaitIntervalInSeconds"], policy.get("TerminationWaitInSeconds", 0)
    shares = _shares(routing, instances)
    timeout = policy.get("MaximumExecutionTimeoutInSeconds", math.inf)
    waits = bake * (len(shares) - 1) + termination
    if timeout <= waits:
        raise ServiceError(
            "ValidationException",
            f"MaximumExecutionTimeoutInSeconds ({timeout}) has to be larger than all waits together, which are "
            f"{waits} seconds.",
        )
    alarms = config.get("AutoRollbackConfiguration", {}).get("Alarms", [])
    return UpdatePolicy(shares, bake, termination, timeout, tuple(alarm["AlarmName"] for alarm in alarms))


def rolling_policy(config: dict[str, Any], copies: int) -> UpdatePolicy:
    """Read the `DeploymentConfig` of an inference component.

    Parameters
    ----------
    config : dict
        It, or an empty dict: all copies at once.
    copies : int
        How many the component has.

    Returns
    -------
    UpdatePolicy
        What it asks.
    """
    policy = config.get("RollingUpdatePolicy")
    if not policy:
        return UpdatePolicy()
    size = policy["MaximumBatchSize"]
    batch = size["Value"] if size["Type"] == "COPY_COUNT" else math.floor(size["Value"] / 100 * copies)
    batches = math.ceil(copies / max(1, batch))
    wait, timeout = policy["WaitIntervalInSeconds"], policy.get("MaximumExecutionTimeoutInSeconds", math.inf)
    alarms = config.get("AutoRollbackConfiguration", {}).get("Alarms", [])
    shares = (*(max(1, batch) * number / copies for number in range(1, batches)), 1.0)
    return UpdatePolicy(shares, wait, wait, timeout, tuple(alarm["AlarmName"] for alarm in alarms))


def _shares(routing: dict[str, Any], instances: int) -> tuple[float, ...]:
    match routing["Type"]:
        case "CANARY":
            return (_share(routing, "CanarySize", instances, least=0.0), 1.0)
        case "LINEAR":
            step = _share(routing, "LinearStepSize", instances, least=0.1)
            # The last step is what is left; rounding must not make one of nothing.
            return (*(step * number for number in range(1, math.ceil(round(1 / step, 6)))), 1.0)
        case _:
            return (1.0,)


def _share(routing: dict[str, Any], member: str, instances: int, *, least: float) -> float:
    """Return a step's share of the fleet; it is whole instances, and at most half of them."""
    if member not in routing:
        raise ServiceError("ValidationException", f"{routing['Type']} traffic routing needs a {member}.")
    size = routing[member]
    percent = size["Type"] == "CAPACITY_PERCENT"
    share = size["Value"] / (100 if percent else max(1, instances))
    if instances < 2 or not least <= share <= 0.5:
        allowed = f"{least:.0%} to 50%" if least else "at most 50%"
        raise ServiceError(
            "ValidationException",
            f"{member} of {size['Value']}{'%' if percent else ' instances'} is not possible: it has to be {allowed} of "
            f"a variant's instances, which are {instances}.",
        )
    return share
