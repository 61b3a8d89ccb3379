"""Faults: loud, parked, and finished by a redrive. Nothing is lost and nothing is dispatched twice."""

import json
import os
import signal

import pytest

from signpost.errors import RoutingFault
from signpost.routing.contracts import Decision
from tests.localcloud.api_client import new_caller
from tests.localcloud.deployed_app import VEHICLE_ENDPOINT


@pytest.fixture
def no_faults(app):
    """An empty fault queue before and after."""
    app.faults()
    yield
    app.wait_for_endpoint()
    app.faults()


@pytest.fixture
def broken_queue(app):
    """The nearby-orders queue refuses every message."""
    sqs, url = app.cloud.client("sqs"), app.where["QueueVehicleNearbyOrders"]
    before = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
    deny = {"Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    broken = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": broken})

    def mend():
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": before})

    yield mend
    mend()


@pytest.mark.usefixtures("no_faults")
def test_a_fault_fails_the_execution_parks_the_reference_and_a_redrive_finishes_it(app, examples, broken_queue):
    event = app.put(examples.one("nearby-orders"))
    with pytest.raises(RoutingFault):
        app.router.route_event(event)

    broken_queue()
    [(parked, decision)] = list(app.router.redrive())

    assert {name: parked.event[name] for name in event} == event
    assert isinstance(decision, Decision)
    assert decision.route == "nearby-orders"
    assert app.messages("QueueVehicleNearbyOrders", decision.decision_id) == [decision]
    assert list(app.router.redrive()) == []


@pytest.mark.usefixtures("no_faults")
def test_a_redrive_that_fails_again_leaves_the_picture_in_the_fault_queue(app, examples, broken_queue):
    with pytest.raises(RoutingFault):
        app.router.route_event(app.put(examples.one("nearby-orders")))
    [(_, fault)] = list(app.router.redrive())
    assert isinstance(fault, RoutingFault)
    broken_queue()
    [(_, decision)] = list(app.router.redrive())
    assert isinstance(decision, Decision)
    assert app.messages("QueueVehicleNearbyOrders", decision.decision_id) == [decision]


@pytest.mark.usefixtures("no_faults")
def test_a_redrive_routes_a_picture_as_if_none_had_waited_for_it(app, examples):
    event = app.put(examples.one("nearby-orders"))
    record = {"input": {**event, "waited": True}, "error": "EndpointAsleep"}
    app.cloud.client("sqs").send_message(QueueUrl=app.where["QueueFaults"], MessageBody=json.dumps(record))
    [(parked, decision)] = list(app.router.redrive())
    assert parked.event == event
    assert isinstance(decision, Decision)


@pytest.mark.usefixtures("no_faults")
def test_a_model_server_that_dies_is_waited_for(app, examples):
    event = app.put(examples.one("nearby-orders"))
    os.kill(app.cloud.server_pid(VEHICLE_ENDPOINT), signal.SIGKILL)
    try:
        decision = app.router.route_event(event)
    except RoutingFault as fault:
        assert "EndpointUnwell" in str(fault)
        app.wait_for_endpoint()
        [(_, decision)] = list(app.router.redrive())
    assert decision.route == "nearby-orders"


@pytest.mark.usefixtures("no_faults")
def test_a_fault_is_a_503_for_the_caller_and_its_picture_is_decided_under_the_same_id(app, examples, broken_queue):
    api = new_caller(app, "api-unlucky")
    answer = api.classify(examples.one("nearby-orders"))
    assert (answer.status, answer.json["code"], answer.headers["Retry-After"]) == (503, "unavailable", "5")
    where = f"/decisions/{answer.json['instance'].removeprefix('urn:uuid:')}"
    followed = api.ask("GET", where)
    assert (followed.status, followed.json["status"], followed.headers["Retry-After"]) == (202, "waiting", "60")

    broken_queue()
    [(_, decision)] = list(app.router.redrive())

    assert isinstance(decision, Decision)
    assert Decision.model_validate_json(api.ask("GET", where).body) == decision
    assert app.messages("QueueVehicleNearbyOrders", decision.decision_id) == [decision]
