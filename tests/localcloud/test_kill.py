"""A local cloud that is killed: what it has confirmed is there when it starts again, and what it was at continues."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud import process
from tests.localcloud.running_cloud import Cloud, free_port, wait_for
from tests.localcloud.step_functions_resources import Machines, task


@pytest.fixture
def state_dir(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    process.stop(tmp_path)


def start(state_dir: Path) -> Cloud:
    running = process.start(state_dir, None if process.read(state_dir) else free_port())
    return Cloud(running.port, state_dir, running.pid)


def kill(cloud: Cloud) -> None:
    os.kill(cloud.pid, signal.SIGKILL)
    wait_for(lambda: process.status(cloud.state_dir) is None)


def test_what_was_confirmed_is_there_after_a_kill(state_dir: Path) -> None:
    # GIVEN a cloud in which services were changed, message by message and item by item
    cloud = start(state_dir)
    s3, sqs, dynamodb, logs = (cloud.client(name) for name in ("s3", "sqs", "dynamodb", "logs"))
    s3.create_bucket(Bucket="kept")
    s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
    versions = [s3.put_object(Bucket="kept", Key="a é.jpg", Body=body)["VersionId"] for body in (b"1", b"2")]
    queue = sqs.create_queue(QueueName="kept")["QueueUrl"]
    for number in range(4):
        sqs.send_message(QueueUrl=queue, MessageBody=str(number))
    taken, hidden = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=2, VisibilityTimeout=600)["Messages"]
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=taken["ReceiptHandle"])
    key = {"AttributeName": "id", "KeyType": "HASH"}
    dynamodb.create_table(
        TableName="kept",
        KeySchema=[key],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for number in range(3):
        dynamodb.put_item(TableName="kept", Item={"id": {"S": str(number)}})
    dynamodb.delete_item(TableName="kept", Key={"id": {"S": "0"}})
    logs.create_log_group(logGroupName="kept")
    logs.create_log_stream(logGroupName="kept", logStreamName="one")
    event = {"timestamp": int(1000 * time.time()), "message": "a line"}
    logs.put_log_events(logGroupName="kept", logStreamName="one", logEvents=[event])
    cloud.client("secretsmanager").create_secret(Name="kept", SecretString="word")
    # WHEN it is killed and starts again, twice: what was loaded is written as well
    last = (
        lambda cloud: cloud.client("sqs").send_message(QueueUrl=queue, MessageBody="last"),
        lambda cloud: cloud.client("dynamodb").put_item(TableName="kept", Item={"id": {"S": "last"}}),
    )
    for change in last:
        change(cloud)
        kill(cloud)
        cloud = start(state_dir)
        assert (running := process.status(state_dir))
        assert "killed" in running.notice
    # THEN everything is as it was
    s3, sqs, dynamodb, logs = (cloud.client(name) for name in ("s3", "sqs", "dynamodb", "logs"))
    bodies = [s3.get_object(Bucket="kept", Key="a é.jpg", VersionId=version)["Body"].read() for version in versions]
    assert bodies == [b"1", b"2"]
    found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    assert [message["Body"] for message in found] == ["2", "3", "last"]
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=hidden["ReceiptHandle"])
    assert sorted(item["id"]["S"] for item in dynamodb.scan(TableName="kept")["Items"]) == ["1", "2", "last"]
    events = logs.get_log_events(logGroupName="kept", logStreamName="one")["events"]
    assert [line["message"] for line in events] == ["a line"]
    assert cloud.client("secretsmanager").get_secret_value(SecretId="kept")["SecretString"] == "word"
    # AND an orderly start says nothing
    process.stop(state_dir)
    assert process.start(state_dir).notice == ""


def test_an_interrupted_execution_goes_on_and_repeats_nothing(state_dir: Path) -> None:
    # GIVEN an execution that has sent a message for each item of a map, and one from a machine that it calls
    cloud = start(state_dir)
    machines = Machines(cloud)
    url, arn = machines.queue()
    role = machines.role(("sqs:SendMessage", arn), ("states:StartSyncExecution", "*"), ("sqs:GetQueueAttributes", arn))
    message = {"QueueUrl": url, "MessageBody": "{% $string($states.input) %}"}
    called = machines.machine(
        role,
        {
            "Send": task("sqs:sendMessage", message, "Wait"),
            "Wait": {"Type": "Wait", "Seconds": 3, "Next": "Send again"},
            "Send again": task("sqs:sendMessage", message | {"MessageBody": "called"}),
        },
    )
    items = {"StartAt": "Send item", "States": {"Send item": task("sqs:sendMessage", message)}}
    machine = machines.machine(
        role,
        {
            "Each": {"Type": "Map", "Items": ["a", "b", "c"], "ItemProcessor": items, "Next": "Call"},
            "Call": task(
                "aws-sdk:sfn:startSyncExecution", {"StateMachineArn": called, "Input": '{"from": "caller"}'}, "Last"
            ),
            "Last": task("sqs:sendMessage", message | {"MessageBody": "last"}),
        },
        "STANDARD",
    )
    execution = machines.start(machine)
    wait_for(lambda: waiting(machines, url) == 4)
    # WHEN the cloud is killed and starts again
    kill(cloud)
    machines = Machines(start(state_dir))
    # THEN it continues where it was: every message is there once
    assert machines.ended(execution)["status"] == "SUCCEEDED"
    bodies = sorted(body.strip('"') for body in machines.messages(url))
    assert bodies == ["a", "b", "c", "called", "last", '{"from":"caller"}']


def waiting(machines: Machines, url: str) -> int:
    wanted = "ApproximateNumberOfMessages"
    attributes = machines.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[wanted])["Attributes"]
    return int(attributes[wanted])
