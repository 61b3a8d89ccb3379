"""The batch machine (Standard): routes every image of a prefix or a manifest, each through the routing machine."""

from __future__ import annotations

from signpost.errors import NOT_PARKED
from signpost.routing.prefixes import BATCHES
from signpost.settings.file import Settings
from stepfunctions.routing import ask
from stepfunctions.states import State, call, catch, choice, invoke, machine

READ_SECONDS = 840


def build(settings: Settings) -> State:
    """Build the machine.

    Its input is described in `lambdas.read_batch.request`.

    Parameters
    ----------
    settings : Settings
        For the number of images routed at a time.

    Returns
    -------
    dict
        Amazon States Language.
    """
    read = invoke(
        "ReadBatch",
        {"batch": "{% $states.input %}", "execution": "{% $states.context.Execution.Name %}"},
        then="Any images?",
        timeout_seconds=READ_SECONDS + 1,
        attempts=3,
    )
    cause = "{% $parse($states.errorOutput.Cause).errorMessage %}"
    refused = {"ErrorEquals": ["BadBatch"], "Output": cause, "Next": "Bad batch"}
    states = {
        "Read the batch": {**read, "Catch": [refused]},
        "Bad batch": {"Type": "Fail", "Error": "BadBatch", "Cause": "{% $states.input %}"},
        "Any images?": choice([("$states.input.images > 0", "Route the images")], default="Nothing to route"),
        "Nothing to route": {"Type": "Succeed"},
        "Route the images": _map(settings.batch.max_concurrency),
    }
    comment = "Routes many images; every one ends as a decision or in the fault queue."
    return machine(comment, "Read the batch", states, 86_400)


def _map(workers: int) -> State:
    return {
        "Type": "Map",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSONL"},
            "Arguments": {"Bucket": "${DecisionsBucket}", "Key": "{% $states.input.key %}"},
        },
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
            "StartAt": "Route",
            "States": _child(),
        },
        "MaxConcurrency": workers,
        "ToleratedFailurePercentage": 100,  # one image must not stop the others
        "ResultWriter": {
            "Resource": "arn:aws:states:::s3:putObject",
            "Arguments": {"Bucket": "${DecisionsBucket}", "Prefix": BATCHES.rstrip("/")},
        },
        "End": True,
    }


def _child() -> dict[str, State]:
    """One image. The routing machine parks its own faults; what it could not park is parked here."""
    route = ask("$states.input", then="Answered?")
    item = {"item": "{% $states.input %}"}
    answer = "{% {'decision_id': $states.input.answer.decision_id, 'outcome': $states.input.answer.outcome} %}"
    unparked = " or ".join(f"$states.input.error = '{error}'" for error in NOT_PARKED)
    record = "{% $string({'input': $item, 'error': 'NotAnswered', 'execution': $states.context.Execution.Id}) %}"
    return {
        "Route": catch({**route, "Assign": item}, "Park", **item),
        "Answered?": choice(
            [
                ("$states.input.status = 'SUCCEEDED'", "Decided"),
                (f"$states.input.status = 'FAILED' and $not({unparked})", "Parked"),
            ],
            default="Park",
        ),
        "Decided": {"Type": "Pass", "Output": answer, "End": True},
        "Park": call("sqs:sendMessage", {"QueueUrl": "${QueueFaults}", "MessageBody": record}, then="Parked"),
        "Parked": {"Type": "Pass", "Output": {"outcome": "fault"}, "End": True},
    }
