"""The states that machines are built from, as Amazon States Language in JSONata.

Names in ``${…}`` are filled in by CloudFormation when the machine is deployed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

State = dict[str, Any]

# Errors of the services themselves; what a Lambda raises on purpose has names of its own.
_LAMBDA_TROUBLE = [
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
]
CONDITION_FAILED = "DynamoDB.ConditionalCheckFailedException"


def invoke(
    function: str,
    payload: Any,
    *,
    then: str,
    assign: State,
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
    assign : dict
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
        "Assign": assign,
        "Retry": [_retrier([*_LAMBDA_TROUBLE, *retry], attempts)],
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
            {"ErrorEquals": [CONDITION_FAILED], "MaxAttempts": 0},
            _retrier(["States.ALL"], attempts=3),
        ],
        "TimeoutSeconds": timeout_seconds,
        **({"Assign": assign} if assign else {}),
        "Next": then,
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
        A Task with one growing retrier.

    Returns
    -------
    float
        Seconds.
    """
    [retrier] = [retrier for retrier in state["Retry"] if retrier["MaxAttempts"]]
    retries = retrier["MaxAttempts"]
    pauses = sum(retrier["IntervalSeconds"] * retrier["BackoffRate"] ** retry for retry in range(retries))
    return (1 + retries) * state["TimeoutSeconds"] + pauses


def _retrier(errors: list[str], attempts: int) -> State:
    return {
        "ErrorEquals": errors,
        "IntervalSeconds": 1,
        "BackoffRate": 2,
        "MaxAttempts": attempts - 1,
        "JitterStrategy": "FULL",
    }
