"""An update's policy, its steps and the alarms that undo it, without any process."""

import json
import re
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from localcloud import alarms
from localcloud.answers import ServiceError
from localcloud.pace import VARIABLE, paced
from localcloud.sagemaker import endpoint_events, guarded_update
from localcloud.sagemaker.endpoint import Endpoint
from localcloud.sagemaker.guarded_update import RollbackError, shift_traffic
from localcloud.sagemaker.invocation_metrics import record_invocation
from localcloud.sagemaker.update_policy import UpdatePolicy, rolling_policy, update_policy

NOW = 1_000_000.5


def routed(kind: str, size: tuple[str, int] | None = None, **policy: Any) -> dict[str, Any]:
    routing: dict[str, Any] = {"Type": kind, "WaitIntervalInSeconds": 60}
    if size:
        member = "CanarySize" if kind == "CANARY" else "LinearStepSize"
        routing[member] = {"Type": size[0], "Value": size[1]}
    return {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing, **policy}}


@pytest.mark.parametrize(
    ("config", "shares"),
    [
        ({}, (1.0,)),
        (routed("ALL_AT_ONCE"), (1.0,)),
        (routed("CANARY", ("INSTANCE_COUNT", 1)), (0.1, 1.0)),
        (routed("CANARY", ("CAPACITY_PERCENT", 50)), (0.5, 1.0)),
        (routed("LINEAR", ("CAPACITY_PERCENT", 50)), (0.5, 1.0)),
        (routed("LINEAR", ("INSTANCE_COUNT", 3)), (0.3, 0.6, 0.9, 1.0)),
        (routed("LINEAR", ("CAPACITY_PERCENT", 10)), (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)),
    ],
)
def test_traffic_moves_in_the_steps_of_the_policy(config: dict[str, Any], shares: tuple[float, ...]) -> None:
    assert update_policy(config, instances=10).shares == pytest.approx(shares)


@pytest.mark.parametrize(
    ("config", "instances", "message"),
    [
        (routed("CANARY"), 2, "needs a CanarySize"),
        (routed("CANARY", ("CAPACITY_PERCENT", 51)), 4, "51% is not possible"),
        (routed("CANARY", ("INSTANCE_COUNT", 3)), 4, "3 instances is not possible"),
        (routed("CANARY", ("CAPACITY_PERCENT", 50)), 1, "instances, which are 1"),
        (routed("LINEAR", ("CAPACITY_PERCENT", 9)), 4, "10% to 50%"),
        (routed("ALL_AT_ONCE", TerminationWaitInSeconds=600, MaximumExecutionTimeoutInSeconds=600), 1, "600 seconds"),
        ({"RollingUpdatePolicy": {}}, 4, "no RollingUpdatePolicy"),
    ],
)
def test_what_sagemaker_refuses_is_refused(config: dict[str, Any], instances: int, message: str) -> None:
    with pytest.raises(ServiceError, match=message) as caught:
        update_policy(config, instances)
    assert caught.value.code == "ValidationException"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "0.01")


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("size", "copies", "shares"),
    [
        ({"Type": "CAPACITY_PERCENT", "Value": 50}, 1, (1.0,)),
        ({"Type": "CAPACITY_PERCENT", "Value": 50}, 4, (0.5, 1.0)),
        ({"Type": "COPY_COUNT", "Value": 1}, 3, (1 / 3, 2 / 3, 1.0)),
    ],
)
def test_a_component_moves_copy_by_copy(size: dict[str, Any], copies: int, shares: tuple[float, ...]) -> None:
    rolling = {"MaximumBatchSize": size, "WaitIntervalInSeconds": 60}
    config = {"RollingUpdatePolicy": rolling, "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "a"}]}}
    policy = rolling_policy(config, copies)
    assert policy.shares == pytest.approx(shares)
    assert (policy.bake_seconds, policy.alarms) == (60, ("a",))


def test_an_alarm_stops_the_shift_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN an alarm that rings once half of the traffic has moved
    moved: list[float] = []
    monkeypatch.setattr(guarded_update, "alarm_reason", lambda _: "too slow" if 0.5 in moved else None)
    policy = UpdatePolicy(shares=(0.25, 0.5, 0.75, 1.0), bake_seconds=60, alarms=("a",))
    # WHEN traffic is moved, THEN no more of it moves, and the reason names alarm and cause
    with pytest.raises(RollbackError, match=re.escape("the alarm a is in state ALARM (too slow)")):
        shift_traffic(policy, lambda share, _: moved.append(share), threading.Event())
    assert set(moved) == {0.25, 0.5}


@pytest.mark.usefixtures("quick")
def test_an_alarm_that_is_not_there_and_a_time_that_is_up_undo_the_update() -> None:
    for policy, reason in (
        (UpdatePolicy(alarms=("nobody",)), "There is no alarm nobody"),
        (UpdatePolicy(termination_seconds=3600, timeout_seconds=600), "more than 600 seconds"),
    ):
        with pytest.raises(RollbackError, match=reason):
            shift_traffic(policy, lambda *_: None, threading.Event())


def test_a_deletion_ends_the_wait() -> None:
    stopped = threading.Event()
    stopped.set()
    shift_traffic(UpdatePolicy(bake_seconds=3600, termination_seconds=3600), lambda *_: None, stopped)


class Running:
    """A deployment without processes, which may be slow to end."""

    def __init__(self) -> None:
        self.stopped, self.may_stop = threading.Event(), threading.Event()
        self.may_stop.set()

    def start(self) -> None: ...

    def stop(self) -> None:
        self.stopped.set()
        self.may_stop.wait(10)


def in_service(deployment: Running) -> Endpoint:
    endpoint = Endpoint("e", SimpleNamespace(endpoint_config_name="old", endpoint_status="", failure_reason=None))
    endpoint.create(deployment)  # type: ignore[arg-type]
    assert endpoint.wait_until_settled(10)
    return endpoint


def settings_of(config: str) -> dict[str, Any]:
    return {"endpoint_config_name": config, "last_modified_time": None, "production_variants": [variant(4)]}


@pytest.mark.usefixtures("quick")
def test_an_update_may_follow_another_whose_old_processes_still_end() -> None:
    # GIVEN an update whose old deployment takes its time to end
    old, second, third = Running(), Running(), Running()
    endpoint = in_service(old)
    old.may_stop.clear()
    endpoint.update(second, settings_of("second"), UpdatePolicy())  # type: ignore[arg-type]
    assert old.stopped.wait(10)
    # WHEN the next one begins, and then the old one ends
    endpoint.update(third, settings_of("third"), UpdatePolicy((0.5, 1.0), bake_seconds=600_000))  # type: ignore[arg-type]
    old.may_stop.set()
    # THEN nothing of the first ends the second
    assert not endpoint.wait_until_settled(0.2)
    assert {id(endpoint.choose()) for _ in range(100)} == {id(second), id(third)}
    endpoint.delete()
    assert endpoint.wait_until_settled(10)


@pytest.mark.usefixtures("quick")
def test_requests_are_shared_while_traffic_bakes_and_every_change_is_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN an endpoint that moves half of its traffic, and an alarm that rings when it is told to
    said: list[str] = []
    monkeypatch.setattr(
        endpoint_events.eventbridge,
        "_dispatch_event",
        lambda event: said.append(json.loads(event["Detail"])["EndpointStatus"]),
    )
    rings = threading.Event()
    monkeypatch.setattr(guarded_update, "alarm_reason", lambda _: "bad" if rings.is_set() else None)
    old, new = Running(), Running()
    endpoint = in_service(old)
    record = endpoint.record
    policy = UpdatePolicy(shares=(0.5, 1.0), bake_seconds=600_000, alarms=("a",))
    # WHEN it bakes
    endpoint.update(new, settings_of("new"), policy)  # type: ignore[arg-type]
    pending: Any = None
    while not pending or pending["ProductionVariants"][0]["VariantStatus"][0]["Status"] != "Baking":
        pending = getattr(record, "pending_deployment_summary", None)
    # THEN both answer, and half of the instances are shown to
    assert {id(endpoint.choose()) for _ in range(100)} == {id(old), id(new)}
    assert pending["ProductionVariants"][0]["CurrentInstanceCount"] == 2
    # WHEN the alarm rings, THEN the old one answers alone
    rings.set()
    assert endpoint.wait_until_settled(10)
    assert {id(endpoint.choose()) for _ in range(100)} == {id(old)}
    assert (new.stopped.is_set(), old.stopped.is_set()) == (True, False)
    assert not endpoint.serves_with(new)  # type: ignore[arg-type]
    assert (record.endpoint_config_name, record.pending_deployment_summary) == ("old", None)
    assert said == ["CREATING", "IN_SERVICE", "UPDATING", "ROLLING_BACK", "IN_SERVICE"]


def variant(instances: int) -> dict[str, Any]:
    return {"VariantName": "v", "CurrentInstanceCount": instances, "DesiredInstanceCount": instances}


def alarm(**definition: Any) -> dict[str, Any]:
    return {
        "AlarmName": "a",
        "Namespace": "n",
        "MetricName": "m",
        "Period": 60,
        "EvaluationPeriods": 2,
        "Statistic": "Sum",
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
        "StateValue": "OK",
    } | definition


def points(*periods: list[float]) -> list[dict[str, Any]]:
    """Values of the last whole periods, which here last a second each, the oldest first."""
    start = int(NOW) - len(periods)
    return [
        {"Timestamp": start + number + 0.5, "Value": value, "Count": 1.0}
        for number, values in enumerate(periods)
        for value in values
    ]


@pytest.mark.parametrize(
    ("definition", "recorded", "state"),
    [
        ({}, points([0, 1], [2]), "ALARM"),
        ({}, points([0, 1], [0]), "OK"),
        ({}, points([1], [1], []), "OK"),
        ({"DatapointsToAlarm": 1}, points([1], []), "ALARM"),
        ({}, [], "OK"),
        ({"TreatMissingData": "breaching"}, [], "ALARM"),
        ({"TreatMissingData": "missing"}, [], "INSUFFICIENT_DATA"),
        ({"TreatMissingData": "ignore", "StateValue": "ALARM"}, [], "ALARM"),
        ({"TreatMissingData": None}, points([1], [1]), "ALARM"),
        ({"Statistic": "Average", "Threshold": 0.5}, points([0, 0, 1], [1]), "OK"),
        ({"Statistic": None, "ExtendedStatistic": "p99", "Threshold": 90}, points([1, 100], [1, 100]), "ALARM"),
        ({"Statistic": None, "ExtendedStatistic": "p99", "Threshold": 90}, points([1] * 999 + [100], [100]), "OK"),
        ({"ComparisonOperator": "LessThanThreshold"}, points([0], [0]), "ALARM"),
    ],
)
def test_an_alarm_is_evaluated_by_its_own_definition(
    definition: dict[str, Any], recorded: list[dict[str, Any]], state: str
) -> None:
    assert alarms.next_state(alarm(**definition), recorded, NOW) == state


def test_what_goes_on_now_is_no_whole_period_yet() -> None:
    assert alarms.next_state(alarm(EvaluationPeriods=1), [{"Timestamp": NOW, "Value": 5}], NOW) == "OK"


def test_an_alarm_looks_at_its_own_endpoint_only(monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN errors of one endpoint, and the same alarm for it and for another
    monkeypatch.setattr(alarms.cloudwatch, "_alarms", {})
    for endpoint in ("sick", "well"):
        dimensions = [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": "v"}]
        alarms.cloudwatch._alarms[endpoint] = alarm(
            AlarmName=endpoint, Namespace="AWS/SageMaker", MetricName="Invocation5XXErrors", Dimensions=dimensions
        )
    clock = iter((NOW - 2, NOW - 1, NOW - 1))
    monkeypatch.setattr("localcloud.sagemaker.invocation_metrics.time.time", lambda: next(clock, NOW))
    for _ in range(2):
        record_invocation("sick", "v", 500, None)
    record_invocation("well", "v", 200, 0.01)
    # THEN it rings for the one, with a reason that tells what was measured
    assert alarms.alarm_reason("well") is None
    assert "Sum of Invocation5XXErrors in the last periods: 1, 1;" in str(alarms.alarm_reason("sick"))


def test_the_pace_is_set_by_one_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert paced(300) == 5
    monkeypatch.setenv(VARIABLE, "60")
    assert paced(300) == 300
    monkeypatch.setenv(VARIABLE, "0")
    with pytest.raises(ValueError, match="above 0"):
        paced(300)
