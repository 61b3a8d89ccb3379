"""Distributed maps and rules start executions with the rights of the role that they were given."""

import json

import pytest

from tests.localcloud.running_cloud import Cloud, wait_for
from tests.localcloud.step_functions_resources import Machines, State, task

ITEMS = 50
WORKERS = 16


@pytest.fixture(scope="module")
def machines(cloud: Cloud) -> Machines:
    made = Machines(cloud)
    made.s3.create_bucket(Bucket=made.name)
    for number in range(ITEMS):
        made.s3.put_object(Bucket=made.name, Key=f"batch/{number:02}", Body=b"-")
    made.s3.put_object(Bucket=made.name, Key="manifest.json", Body=json.dumps(["batch/07", "batch/08"]))
    return made


@pytest.fixture(scope="module")
def echo(machines: Machines) -> str:
    return machines.machine(
        machines.role(), {"Echo": {"Type": "Pass", "Output": "{% $states.input.key %}", "End": True}}
    )


def batch(machine: str, reader: State, key: str) -> dict[str, State]:
    child = task(
        "aws-sdk:sfn:startSyncExecution",
        {"StateMachineArn": machine, "Input": "{% $states.input %}"},
        Output="{% $parse($states.result.Output) %}",
    )
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}, "StartAt": "One"}
    return {
        "Batch": {
            "Type": "Map",
            "ItemReader": reader,
            "ItemSelector": {"key": key},
            "ItemProcessor": {**processor, "States": {"One": child}},
            "MaxConcurrency": WORKERS,
            "End": True,
        }
    }


@pytest.fixture(scope="module")
def listing(machines: Machines) -> State:
    arguments = {"Bucket": machines.name, "Prefix": "{% $states.input.prefix %}"}
    return {"Resource": "arn:aws:states:::s3:listObjectsV2", "Arguments": arguments}


def test_a_batch_waits_for_synchronous_executions_at_once(machines: Machines, listing: State, echo: str) -> None:
    role = machines.role(("s3:ListBucket", f"arn:aws:s3:::{machines.name}"), ("states:StartSyncExecution", echo))
    states = batch(echo, listing, "{% $states.context.Map.Item.Value.Key %}")
    done = machines.ended(machines.start(machines.machine(role, states, "STANDARD"), {"prefix": "batch/"}))
    assert json.loads(done["output"]) == [f"batch/{number:02}" for number in range(ITEMS)]


def test_a_manifest_names_the_items(machines: Machines, echo: str) -> None:
    role = machines.role(("s3:GetObject", f"arn:aws:s3:::{machines.name}/*"), ("states:StartSyncExecution", echo))
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "JSON"},
        "Arguments": {"Bucket": machines.name, "Key": "manifest.json"},
    }
    states = batch(echo, reader, "{% $states.context.Map.Item.Value %}")
    done = machines.ended(machines.start(machines.machine(role, states, "STANDARD")))
    assert json.loads(done["output"]) == ["batch/07", "batch/08"]


def test_the_items_are_read_with_the_role_of_the_machine(machines: Machines, listing: State, echo: str) -> None:
    role = machines.role(("states:StartSyncExecution", echo))
    states = batch(echo, listing, "{% $states.context.Map.Item.Value.Key %}")
    failed = machines.ended(machines.start(machines.machine(role, states, "STANDARD"), {"prefix": "batch/"}))
    assert failed["error"] == "States.ItemReaderFailed"


def test_children_call_with_the_role_of_the_machine(machines: Machines, listing: State, echo: str) -> None:
    role = machines.role(("s3:ListBucket", f"arn:aws:s3:::{machines.name}"))
    states = batch(echo, listing, "{% $states.context.Map.Item.Value.Key %}")
    failed = machines.ended(machines.start(machines.machine(role, states, "STANDARD"), {"prefix": "batch/0"}))
    assert failed["error"] == "States.ExceedToleratedFailureThreshold"


def test_a_rule_starts_a_machine_with_the_role_of_its_target(cloud: Cloud, machines: Machines) -> None:
    events = cloud.client("events")
    started, arn = machines.queue()
    undelivered, dead_letters = machines.queue()
    send = task("sqs:sendMessage", {"QueueUrl": started, "MessageBody": "{% $states.input.detail.number %}"})
    machine = machines.machine(machines.role(("sqs:SendMessage", arn)), {"Send": send})
    role = machines.role(service="events.amazonaws.com")
    events.put_rule(Name=machines.name, EventPattern=json.dumps({"source": [machines.name]}))
    target = {"Id": "it", "Arn": machine, "RoleArn": role, "DeadLetterConfig": {"Arn": dead_letters}}
    events.put_targets(Rule=machines.name, Targets=[target])

    def happen(number: int) -> None:
        detail = json.dumps({"number": number})
        events.put_events(Entries=[{"Source": machines.name, "DetailType": "Test", "Detail": detail}])

    # GIVEN a target whose role may not start the machine WHEN an event comes THEN it ends in the dead-letter queue
    happen(1)
    assert json.loads(wait_for(lambda: machines.messages(undelivered))[0])["detail"] == {"number": 1}
    # GIVEN the right WHEN the next comes THEN the machine runs, for that one only
    machines.allow(role, ("states:StartExecution", machine))
    happen(2)
    assert wait_for(lambda: machines.messages(started)) == ["2"]
