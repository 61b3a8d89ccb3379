"""The states that machines are built from, as Amazon States Language in JSONata.

Names in ``${…}`` are filled in by CloudFormation when the machine is deployed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

State = dict[str, Any]

# Errors of the services themselves; what a Lambda raises on purpose has names of its own.
_LAMBDA_TROUBLE = ["Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException"]
CONDITION_FAILED = "DynamoDB.ConditionalCheckFailedException"
NOT_AGAIN: State = {"ErrorEquals": [CONDITION_FAILED], "MaxAttempts": 0}
# What throttling is called. Where a service's model has no such error, it is the service's base exception.
_THROTTLED = {
    "lambda": ["Lambda.TooManyRequestsException", "EndpointThrottled"],
    "dynamodb": [
        "DynamoDB.ProvisionedThroughputExceededException",
        "DynamoDB.RequestLimitExceededException",
        "DynamoDB.ThrottlingException",
        "DynamoDB.AmazonDynamoDBException",
    ],
    "events": ["EventBridge.FailedEntry", "EventBridge.AmazonEventBridgeException"],
    "sqs": ["SQS.RequestThrottledException", "SQS.AmazonSQSException"],
    "aws-sdk:s3": ["S3.S3Exception"],
    "aws-sdk:sagemaker": ["SageMaker.SageMakerException"],
    "aws-sdk:sfn": ["Sfn.ExecutionLimitExceededException", "Sfn.SfnException"],
}
# A function's concurrency may be taken for a while: 7 calls within 31 seconds. A service's own limit is soon free
# again: 6 calls within 15 seconds. All of it has to fit into the time of an Express execution.
_LAMBDA_CALLS, _LAMBDA_PAUSE = 7, 8
_SERVICE_CALLS, _SERVICE_PAUSE = 6, 4


def invoke(
    function: str,
    payload: Any,
    *,
    then: str,
    assign: State | None = None,
    timeout_seconds: int,
    attempts: int,
    retry: Sequence[str] = (),
) -> State:
    """Call a Lambda.

    Parameters
    ----------
    function : str
        Substitution that holds the function's ARN.
    payload : Any
        What the function gets.
    then : str
        Next state.
    assign : dict or None
        Variables to set from ``$states.result``.
    timeout_seconds : int
        Of one call; a little more than the function's own.
    attempts : int
        Calls in all.
    retry : sequence of str
        Errors of the function that are worth another call, beside the service's own.
    """
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": f"${{{function}}}", "Payload": payload},
        "Output": "{% $states.result.Payload %}",
        **({"Assign": assign} if assign else {}),
        "Retry": [
            retrier(_THROTTLED["lambda"], _LAMBDA_CALLS, longest_pause=_LAMBDA_PAUSE),
            retrier([*_LAMBDA_TROUBLE, *retry], attempts),
        ],
        "TimeoutSeconds": timeout_seconds,
        "Next": then,
    }


def call(
    service: str,
    arguments: State | str,
    *,
    then: str,
    output: Any = "{% $states.input %}",
    assign: State | None = None,
    timeout_seconds: int = 4,
) -> State:
    """Call an AWS service without a Lambda.

    Parameters
    ----------
    service : str
        Such as ``sqs:sendMessage``.
    arguments : dict or str
        Of the service's API, or JSONata that gives them.
    then : str
        Next state.
    output : Any
        Output of the state; its input by default.
    assign : dict or None
        Variables to set from ``$states.result``.
    timeout_seconds : int
        Of one call.
    """
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::{service}",
        "Arguments": arguments,
        "Output": output,
        "Retry": [
            NOT_AGAIN,
            retrier(_THROTTLED[service.rpartition(":")[0]], _SERVICE_CALLS, longest_pause=_SERVICE_PAUSE),
            retrier(["States.ALL"], 3),
        ],
        "TimeoutSeconds": timeout_seconds,
        **({"Assign": assign} if assign else {}),
        "Next": then,
    }


def retrier(errors: list[str], attempts: int, *, first_pause: int = 1, longest_pause: int | None = None) -> State:
    """Repeat a Task after some errors, with growing pauses that are drawn at random.

    Parameters
    ----------
    errors : list of str
        Their names.
    attempts : int
        Calls in all.
    first_pause, longest_pause : int or None
        Seconds; each pause is twice the one before, up to the longest.

    Returns
    -------
    dict
        An entry of ``Retry``.
    """
    return {
        "ErrorEquals": errors,
        "IntervalSeconds": first_pause,
        "BackoffRate": 2.0,
        **({"MaxDelaySeconds": longest_pause} if longest_pause else {}),
        "MaxAttempts": attempts - 1,
        "JitterStrategy": "FULL",
    }


def catch(state: State, then: str, **assign: Any) -> State:
    """Send every error of a state to another, which finds it in ``$fault``."""
    fault = {"ErrorEquals": ["States.ALL"], "Assign": {"fault": "{% $states.errorOutput %}", **assign}, "Next": then}
    return {**state, "Catch": [*state.get("Catch", []), fault]}


def choice(rules: list[tuple[str, str]], default: str) -> State:
    """Branch on JSONata conditions, the first that holds.

    Parameters
    ----------
    rules : list of (condition, next state)
        Conditions without their ``{% %}``.
    default : str
        Next state where none holds.
    """
    choices = [{"Condition": f"{{% {condition} %}}", "Next": then} for condition, then in rules]
    return {"Type": "Choice", "Choices": choices, "Default": default}


def spent_at_most(seconds: int) -> str:
    """Return the JSONata condition that the execution has run for at most this time when a state begins."""
    started, now = "$states.context.Execution.StartTime", "$states.context.State.EnteredTime"
    return f"$toMillis({now}) - $toMillis({started}) <= {1000 * seconds}"


def wait(seconds: str | int, *, then: str) -> State:
    """Wait for a number of seconds, or for what JSONata gives."""
    return {"Type": "Wait", "Seconds": seconds, "Next": then}


def fault(error: str, cause: str, *, then: str) -> State:
    """Note a failure of the machine's own in ``$fault``.

    Parameters
    ----------
    error : str
        Its name.
    cause : str
        A sentence, or JSONata that gives one.
    then : str
        Next state.
    """
    return {"Type": "Pass", "Assign": {"fault": {"Error": error, "Cause": cause}}, "Next": then}


def machine(comment: str, start: str, states: dict[str, State], timeout_seconds: int) -> State:
    """Put states together."""
    return {
        "Comment": comment,
        "QueryLanguage": "JSONata",
        "StartAt": start,
        "TimeoutSeconds": timeout_seconds,
        "States": states,
    }


def longest_seconds(state: State) -> float:
    """Return how long a Task can take with all its retries.

    Parameters
    ----------
    state : dict
        A Task made by `invoke` or `call`.

    Returns
    -------
    float
        Seconds. A throttled call is refused at once, so only the pauses after it count.
    """
    throttled = {error for errors in _THROTTLED.values() for error in errors}
    retriers = [retrier for retrier in state["Retry"] if retrier["MaxAttempts"]]
    slow = sum(retrier["MaxAttempts"] for retrier in retriers if not throttled.issuperset(retrier["ErrorEquals"]))
    return (1 + slow) * state["TimeoutSeconds"] + sum(map(_pauses, retriers))


def _pauses(retrier: State) -> float:
    growing = (retrier["IntervalSeconds"] * retrier["BackoffRate"] ** retry for retry in range(retrier["MaxAttempts"]))
    return sum(min(pause, retrier.get("MaxDelaySeconds", pause)) for pause in growing)
