"""Carries an update out: moves traffic step by step, watches the alarms, and says when it has to be undone."""

import threading
import time
from collections.abc import Callable

from localcloud.alarms import alarm_reason
from localcloud.pace import paced
from localcloud.sagemaker.update_policy import UpdatePolicy

WATCH_SECONDS = 0.1


class RollbackError(Exception):
    """The update does harm; the message is fit for a `FailureReason`."""


def shift_traffic(policy: UpdatePolicy, move: Callable[[float, str], None], stopped: threading.Event) -> None:
    """Move the traffic to a new deployment that is healthy.

    Its start, which takes its own time here, does not count for the time limit.

    Parameters
    ----------
    policy : UpdatePolicy
        How.
    move : callable
        Takes the new deployment's share of the requests, and the status of its variants as `DescribeEndpoint` shows
        it.
    stopped : threading.Event
        Ends the update at once: the endpoint is deleted.

    Raises
    ------
    RollbackError
        If an alarm rings or the time is up. The old deployment still runs then: ending it comes after this.
    """
    deadline = time.monotonic() + paced(policy.timeout_seconds)
    _check(policy)
    for share in policy.shares:
        move(share, "ActivatingTraffic")
        move(share, "Baking")
        # The last step bakes as long as the old deployment is kept.
        seconds = policy.bake_seconds if share < 1 else policy.termination_seconds
        _bake(policy, seconds, deadline, stopped)


def _bake(policy: UpdatePolicy, seconds: float, deadline: float, stopped: threading.Event) -> None:
    end = time.monotonic() + paced(seconds)
    while (left := end - time.monotonic()) > 0 and not stopped.wait(min(WATCH_SECONDS, left)):
        _check(policy)
        if time.monotonic() > deadline:
            raise RollbackError(f"The update took more than {policy.timeout_seconds:.0f} seconds and was rolled back.")


def _check(policy: UpdatePolicy) -> None:
    for name in policy.alarms:
        try:
            reason = alarm_reason(name)
        except LookupError as error:
            raise RollbackError(f"The update was rolled back: {error}") from error
        if reason is not None:
            raise RollbackError(f"The update was rolled back: the alarm {name} is in state ALARM ({reason}).")
