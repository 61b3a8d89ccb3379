"""The states that machines are built from, as Amazon States Language in JSONata.

Names in ``${…}`` are filled in by CloudFormation when the machine is deployed.
"""

from __future__ import annotations

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


def invoke(function: str, payload: Any, *, then: str, assign: State, output: Any = None, retry: list[str]) -> State:
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
    output : Any
        Output of the state; None passes the payload's answer on.
    retry : list of str
        Errors of the function that are worth a retry, beside the service's own.
    """
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": f"${{{function}}}", "Payload": payload},
        "Output": output if output is not None else "{% $states.result.Payload %}",
        "Assign": assign,
        # Up to 1 + 2 + 4 + 8 seconds: a restarting container is back by then, and five calls fit into the 300 seconds
        # of the machine.
        "Retry": [_retrier(_LAMBDA_TROUBLE + retry, attempts=4)],
        "TimeoutSeconds": 35,
        "Next": then,
    }


def call(service: str, arguments: State, *, then: str, output: Any = "{% $states.input %}") -> State:
    """Call an AWS service without a Lambda.

    Parameters
    ----------
    service : str
        Such as ``sqs:sendMessage``.
    arguments : dict
        Of the service's API.
    then : str
        Next state.
    output : Any
        Output of the state; its input by default.
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
        "TimeoutSeconds": 15,
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


def machine(comment: str, start: str, states: dict[str, State], timeout_seconds: int) -> State:
    """Put states together."""
    return {
        "Comment": comment,
        "QueryLanguage": "JSONata",
        "StartAt": start,
        "TimeoutSeconds": timeout_seconds,
        "States": states,
    }


def _retrier(errors: list[str], attempts: int) -> State:
    return {
        "ErrorEquals": errors,
        "IntervalSeconds": 1,
        "BackoffRate": 2,
        "MaxAttempts": attempts,
        "JitterStrategy": "FULL",
    }
