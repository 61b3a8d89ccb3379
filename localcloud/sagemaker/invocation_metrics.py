"""What SageMaker tells CloudWatch about the invocations of an endpoint, for alarms to look at."""

import threading
import time

from ministack.services import cloudwatch

NAMESPACE = "AWS/SageMaker"
# Alarms look back minutes; under load a metric gets dozens of points a second.
KEPT_SECONDS = 900.0
# Invocations of such a slot with the same value are one point with a count.
SLOT_SECONDS = 0.25

_lock = threading.Lock()


def record_invocation(
    endpoint: str, variant: str, status: int, seconds: float | None, *, component: str | None = None
) -> None:
    """Record one invocation that reached a variant.

    As on AWS each invocation is a 0 or a 1 in the error metrics, so that their average is the error rate.

    Parameters
    ----------
    endpoint, variant : str
        Who was asked.
    status : int
        HTTP status of the model server's answer; 5xx also if there was none.
    seconds : float or None
        How long the model server took; None without an answer.
    component : str or None
        The inference component, if it was one that was asked.
    """
    values = {
        "Invocations": (1.0, "None"),
        "Invocation4XXErrors": (float(400 <= status < 500), "None"),
        "Invocation5XXErrors": (float(status >= 500), "None"),
    }
    if seconds is not None:
        # Two digits tell enough, and leave few different values.
        values["ModelLatency"] = (float(f"{seconds * 1e6:.1e}"), "Microseconds")
    of_variant = {"EndpointName": endpoint, "VariantName": variant}
    _record({"InferenceComponentName": component} if component else of_variant, values)


def record_no_capacity(component: str) -> None:
    """Record one invocation of an inference component that has no copy.

    Parameters
    ----------
    component : str
        Its name.
    """
    _record({"InferenceComponentName": component}, {"NoCapacityInvocationFailures": (1.0, "None")})


def _record(dimensions: dict[str, str], values: dict[str, tuple[float, str]]) -> None:
    slot = time.time() // SLOT_SECONDS * SLOT_SECONDS
    with _lock:
        for name, (value, unit) in values.items():
            _add(name, dimensions, slot, value, unit)


def _add(name: str, dimensions: dict[str, str], slot: float, value: float, unit: str) -> None:
    """Count the value in the present slot's point, or make one."""
    points = cloudwatch._metric_bucket((NAMESPACE, name, cloudwatch._dims_key(dimensions)))
    for point in reversed(points):
        if point["Timestamp"] < slot:
            break
        if point["Value"] == value and "Count" in point:
            point["Count"] += 1.0
            return
    points.append({"Timestamp": slot, "Value": value, "Count": 1.0, "Unit": unit, "Dimensions": dimensions})
    if points[0]["Timestamp"] < slot - 2 * KEPT_SECONDS:
        points[:] = [point for point in points if point["Timestamp"] >= slot - KEPT_SECONDS]
