"""CloudWatch alarms as CloudWatch evaluates them; MiniStack mixes the metrics of all dimensions and all periods.

An alarm looks at its last whole periods. Periods are as fast as `pace` says. Alarms on metric math, anomaly bands and
units are left as they are.
"""

import operator
import time
from collections.abc import Callable
from typing import Any

from ministack.services import cloudwatch
from ministack.services.cloudformation import provisioners

from localcloud.pace import paced

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanOrEqualToThreshold": operator.le,
    "LessThanThreshold": operator.lt,
}


def install() -> None:
    """Have MiniStack evaluate alarms this way: when a metric is put, and when alarms are described.

    Its CloudFormation refuses alarms on metric math; here they are made, and stay in `INSUFFICIENT_DATA`.
    """
    describe, record = cloudwatch._describe_alarms, provisioners._cw_metric_alarm_record

    def describe_alarms(*request: Any, **named: Any) -> Any:
        cloudwatch._evaluate_all_alarms()
        return describe(*request, **named)

    def metric_alarm_record(name: str, properties: dict[str, Any]) -> dict[str, Any]:
        metrics = properties.get("Metrics")
        if not metrics:
            return record(name, properties)
        plain = {**properties, "Metrics": None, "MetricName": "-", "Namespace": "-"}
        return record(name, plain) | {"Metrics": metrics, "MetricName": "", "Namespace": ""}

    provisioners._cw_metric_alarm_record = metric_alarm_record
    cloudwatch._evaluate_alarm = _evaluate
    cloudwatch._describe_alarms = describe_alarms


def alarm_reason(name: str) -> str | None:
    """Say why an alarm rings.

    Parameters
    ----------
    name : str
        Its name.

    Returns
    -------
    str or None
        The reason of its state; None while it does not ring.

    Raises
    ------
    LookupError
        If there is no such alarm.
    """
    alarm = cloudwatch._alarms.get(name)
    if alarm is not None:
        _evaluate(alarm)
    else:
        alarm = cloudwatch._composite_alarms.get(name)
    if alarm is None:
        raise LookupError(f"There is no alarm {name}.")
    return alarm.get("StateReason", "") if alarm["StateValue"] == "ALARM" else None


def next_state(alarm: dict[str, Any], points: list[dict[str, Any]], now: float) -> str:
    """Evaluate an alarm.

    Parameters
    ----------
    alarm : dict
        Its definition and its present `StateValue`.
    points : list of dict
        What its metric has recorded, in MiniStack's form.
    now : float
        Seconds since 1970.

    Returns
    -------
    str
        `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    """
    values = _values(alarm, points, now)
    missing = alarm.get("TreatMissingData") or "missing"
    if not any(value is not None for value in values) and missing in ("missing", "ignore"):
        return "INSUFFICIENT_DATA" if missing == "missing" else alarm["StateValue"]
    compare, threshold = _COMPARE[alarm["ComparisonOperator"]], alarm["Threshold"]
    breaching = sum(missing == "breaching" if value is None else compare(value, threshold) for value in values)
    return "ALARM" if breaching >= (alarm.get("DatapointsToAlarm") or len(values)) else "OK"


def _values(alarm: dict[str, Any], points: list[dict[str, Any]], now: float) -> list[float | None]:
    """Return the statistic of each of the last whole periods, the oldest first; None for one without data."""
    period, count = paced(alarm["Period"]), alarm["EvaluationPeriods"]
    current = int(now / period)
    periods: dict[int, list[dict[str, Any]]] = {current - back: [] for back in range(count, 0, -1)}
    for point in reversed(points):
        number = int(point["Timestamp"] / period)
        if number in periods:
            periods[number].append(point)
        elif number < current - count:
            break
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic", "Average")
    return [
        cloudwatch._stat_value(cloudwatch._calc_stats(found), statistic, found) if found else None
        for found in periods.values()
    ]


def _evaluate(alarm: dict[str, Any]) -> None:
    if not alarm.get("MetricName") or alarm.get("ComparisonOperator") not in _COMPARE:
        return
    dimensions = cloudwatch._dims_key(cloudwatch._dims_from_list(alarm.get("Dimensions") or []))
    points = list(cloudwatch._metrics.get((alarm["Namespace"], alarm["MetricName"], dimensions)) or [])
    before, now = alarm["StateValue"], time.time()
    state = next_state(alarm, points, now)
    if state == before:
        return
    values = ", ".join("none" if value is None else f"{value:g}" for value in _values(alarm, points, now))
    reason = (
        f"{alarm.get('ExtendedStatistic') or alarm.get('Statistic')} of {alarm['MetricName']} in the last periods: "
        f"{values}; {alarm['ComparisonOperator']} {alarm['Threshold']:g}"
    )
    alarm |= {"StateValue": state, "StateReason": reason, "StateUpdatedTimestamp": int(now)}
    cloudwatch._record_history(alarm["AlarmName"], before, state, reason)
    cloudwatch._dispatch_alarm_actions(alarm, before, state, reason)
    cloudwatch._evaluate_parent_alarms(alarm)
