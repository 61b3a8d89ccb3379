"""State machines act with their own role, and what they call answers and fails as Step Functions says it."""

import io
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.localcloud.running_cloud import Cloud
from tests.localcloud.step_functions_resources import Machines, task

FUNCTION = """
class PictureMissing(Exception):
    pass

def handler(event, context):
    if event.get("fail"):
        raise PictureMissing("there is none")
    return {"seen": event}
"""


@pytest.fixture(scope="module")
def machines(cloud: Cloud) -> Machines:
    return Machines(cloud)


@pytest.fixture(scope="module")
def bucket(machines: Machines) -> str:
    machines.s3.create_bucket(Bucket=machines.name)
    return machines.name


@pytest.fixture(scope="module")
def function(cloud: Cloud, machines: Machines) -> str:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as package:
        package.writestr("handler.py", FUNCTION)
    answer = cloud.client("lambda").create_function(
        FunctionName=machines.name,
        Runtime="python3.13",
        Handler="handler.handler",
        Role=machines.role(service="lambda.amazonaws.com"),
        Code={"ZipFile": code.getvalue()},
        Timeout=60,
    )
    return answer["FunctionArn"]


def test_a_machine_may_do_only_what_its_role_allows(machines: Machines) -> None:
    url, queue = machines.queue()
    role = machines.role()
    send = machines.machine(role, {"Send": task("sqs:sendMessage", {"QueueUrl": url, "MessageBody": {"a": 1}})})

    # GIVEN a role without the right WHEN the machine sends THEN it is denied, and nothing was sent
    denied = machines.run(send)
    assert (denied["status"], denied["error"]) == ("FAILED", "SQS.AmazonSQSException")
    assert "is not authorized to perform: sqs:SendMessage" in denied["cause"]
    assert machines.messages(url) == []

    # GIVEN the right WHEN the same machine sends again THEN the object arrives as JSON
    machines.allow(role, ("sqs:SendMessage", queue))
    sent = machines.run(send)
    assert sent["status"] == "SUCCEEDED"
    assert set(sent["output"]) == {"MD5OfMessageBody", "MessageId"}
    assert machines.messages(url) == ['{"a":1}']


def test_a_role_that_does_not_trust_step_functions_can_not_be_used(machines: Machines) -> None:
    url, queue = machines.queue()
    role = machines.role(("sqs:SendMessage", queue), service="lambda.amazonaws.com")
    send = {"Send": task("sqs:sendMessage", {"QueueUrl": url, "MessageBody": "hello"})}
    assert machines.run(machines.machine(role, send))["error"] == "States.Permissions"


def test_concurrent_executions_keep_their_own_roles(machines: Machines) -> None:
    url, queue = machines.queue()
    message = {"QueueUrl": url, "MessageBody": "hello"}
    states = {"Send": task("sqs:sendMessage", message, "Again"), "Again": task("sqs:sendMessage", message)}
    allowed = machines.machine(machines.role(("sqs:SendMessage", queue)), states)
    denied = machines.machine(machines.role(), states)
    with ThreadPoolExecutor(10) as pool:
        ran = list(pool.map(machines.run, [allowed, denied] * 20))
    assert {answer["status"] for answer in ran[::2]} == {"SUCCEEDED"}
    assert {answer.get("error") for answer in ran[1::2]} == {"SQS.AmazonSQSException"}


def test_an_object_is_put_as_json_and_read_as_text(machines: Machines, bucket: str) -> None:
    objects = f"arn:aws:s3:::{bucket}/*"
    role = machines.role(("s3:PutObject", objects), ("s3:GetObject", objects))
    where = {"Bucket": bucket, "Key": "decision.json"}
    put = {**where, "Body": "{% $states.input %}", "ContentType": "application/json"}
    states = {"Put": task("aws-sdk:s3:putObject", put, "Get"), "Get": task("aws-sdk:s3:getObject", where)}

    result = machines.run(machines.machine(role, states), {"label": "vélo"})["output"]

    kept = machines.s3.get_object(**where)
    assert (kept["Body"].read(), kept["ContentType"]) == ('{"label":"vélo"}'.encode(), "application/json")
    assert (result["Body"], result["ContentLength"]) == ('{"label":"vélo"}', 17)
    assert result["LastModified"].endswith("Z")
    assert "ResponseMetadata" not in result


def test_a_string_is_put_with_its_quotation_marks(machines: Machines, bucket: str) -> None:
    role = machines.role(("s3:PutObject", f"arn:aws:s3:::{bucket}/*"))
    put = task("aws-sdk:s3:putObject", {"Bucket": bucket, "Key": "text", "Body": "hello"})
    assert machines.run(machines.machine(role, {"Put": put}))["status"] == "SUCCEEDED"
    assert machines.s3.get_object(Bucket=bucket, Key="text")["Body"].read() == b'"hello"'


@pytest.mark.parametrize(
    ("rights", "error"), [(["s3:GetObject", "s3:ListBucket"], "S3.NoSuchKeyException"), ([], "S3.S3Exception")]
)
def test_errors_of_an_sdk_integration_have_java_names(
    machines: Machines, bucket: str, rights: list[str], error: str
) -> None:
    role = machines.role(*((right, "*") for right in rights))
    get = task("aws-sdk:s3:getObject", {"Bucket": bucket, "Key": "missing"})
    assert machines.run(machines.machine(role, {"Get": get}))["error"] == error


def test_a_failed_condition_is_caught_by_its_name_and_not_retried(cloud: Cloud, machines: Machines) -> None:
    cloud.client("dynamodb").create_table(
        TableName=machines.name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    table = f"arn:aws:dynamodb:{cloud.region}:{cloud.account}:table/{machines.name}"
    item = {"id": {"S": "1"}, "none": {"NULL": True}}
    put = {"TableName": machines.name, "Item": item, "ConditionExpression": "attribute_not_exists(id)"}
    caught = {"ErrorEquals": ["DynamoDB.ConditionalCheckFailedException"], "Output": "taken", "Next": "Recall"}
    get = {"TableName": machines.name, "Key": {"id": {"S": "1"}}}
    states = {
        "Claim": task("dynamodb:putItem", put, "Recall", Catch=[caught], Output="free"),
        "Recall": task("dynamodb:getItem", get, Output=["{% $states.input %}", "{% $states.result.Item %}"]),
    }
    claim = machines.machine(machines.role(("dynamodb:PutItem", table), ("dynamodb:GetItem", table)), states)
    assert machines.run(claim)["output"] == ["free", item]
    assert machines.run(claim)["output"] == ["taken", item]


def test_a_function_answers_and_fails_under_the_name_of_its_exception(machines: Machines, function: str) -> None:
    invoke = task("lambda:invoke", {"FunctionName": function, "Payload": "{% $states.input %}"})
    machine = machines.machine(machines.role(("lambda:InvokeFunction", function)), {"Invoke": invoke})

    answer = machines.run(machine, {"a": 1})["output"]
    assert answer == {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": {"seen": {"a": 1}}}

    failed = machines.run(machine, {"fail": True})
    assert failed["error"] == "PictureMissing"
    assert json.loads(failed["cause"])["errorMessage"] == "there is none"


def test_a_function_can_not_be_invoked_without_the_right(machines: Machines, function: str) -> None:
    invoke = task("lambda:invoke", {"FunctionName": function, "Payload": {}})
    assert machines.run(machines.machine(machines.role(), {"Invoke": invoke}))["error"] == "Lambda.AWSLambdaException"


def test_a_retry_names_the_error_and_helps_once_its_cause_is_gone(machines: Machines) -> None:
    url, queue = machines.queue()
    role = machines.role()
    retry = [{"ErrorEquals": ["SQS.AmazonSQSException"], "IntervalSeconds": 1, "BackoffRate": 1, "MaxAttempts": 60}]
    send = task("sqs:sendMessage", {"QueueUrl": url, "MessageBody": "late"}, Retry=retry)
    machine = machines.machine(role, {"Send": send}, kind="STANDARD")
    execution = machines.start(machine)
    machines.await_failed_attempt(execution)
    machines.allow(role, ("sqs:SendMessage", queue))
    assert machines.ended(execution)["status"] == "SUCCEEDED"
    assert machines.messages(url) == ["late"]


def test_arguments_that_do_not_fit_are_refused(machines: Machines) -> None:
    send = task("sqs:sendMessage", {"QueueUrl": "q", "Body": "hello"})
    refused = machines.run(machines.machine(machines.role(("sqs:SendMessage", "*")), {"Send": send}))
    assert refused["error"] == "States.Runtime"
    assert "MessageBody" in refused["cause"]


def test_events_need_the_right_to_put_them(cloud: Cloud, machines: Machines) -> None:
    url, queue = machines.queue()
    events = cloud.client("events")
    bus = events.create_event_bus(Name=machines.name)["EventBusArn"]
    pattern = json.dumps({"source": ["test"], "detail": {"outcome": ["routed"]}})
    events.put_rule(Name=machines.name, EventBusName=machines.name, EventPattern=pattern)
    events.put_targets(Rule=machines.name, EventBusName=machines.name, Targets=[{"Id": "queue", "Arn": queue}])
    entry = {"Source": "test", "DetailType": "Test", "EventBusName": machines.name, "Detail": {"outcome": "routed"}}
    put = {"Put": task("events:putEvents", {"Entries": [entry]})}
    denied = machines.run(machines.machine(machines.role(), put))
    assert denied["error"] == "EventBridge.AmazonEventBridgeException"
    sent = machines.run(machines.machine(machines.role(("events:PutEvents", bus)), put))["output"]
    assert sent["FailedEntryCount"] == 0
    assert [json.loads(body)["detail"] for body in machines.messages(url)] == [{"outcome": "routed"}]
