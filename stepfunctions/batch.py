"""The batch machine (Standard): routes every picture of a prefix or a manifest, each through the routing machine."""

from __future__ import annotations

from signpost.errors import NOT_PARKED
from signpost.routing.prefixes import BATCHES
from signpost.settings.file import Settings
from stepfunctions.routing import ask
from stepfunctions.states import State, call, catch, choice, machine

_BUCKET = "{% $exists($states.input.bucket) ? $states.input.bucket : '${IncomingBucket}' %}"
_CLASSIFIER = "$exists($states.input.classifier) ? $states.input.classifier : '${DefaultClassifier}'"


def build(settings: Settings) -> State:
    """Build the machine.

    Its input is ``{"prefix": "…"}`` or ``{"manifest": "…"}`` (key of a JSON array of keys), with ``bucket`` and
    ``classifier`` optional.

    Parameters
    ----------
    settings : Settings
        For the number of pictures routed at a time.

    Returns
    -------
    dict
        Amazon States Language.
    """
    listed = {
        "Resource": "arn:aws:states:::s3:listObjectsV2",
        "Arguments": {"Bucket": _BUCKET, "Prefix": "{% $states.input.prefix %}"},
    }
    read = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "JSON"},
        "Arguments": {"Bucket": _BUCKET, "Key": "{% $states.input.manifest %}"},
    }
    workers = settings.batch.max_concurrency
    states = {
        "What to route?": choice(
            [
                ("$exists($states.input.manifest)", "Route the manifest"),
                ("$exists($states.input.prefix)", "Route the prefix"),
            ],
            default="Nothing to route",
        ),
        "Nothing to route": {
            "Type": "Fail",
            "Error": "BadBatch",
            "Cause": 'The input names no pictures; allowed is {"prefix": "…"} or {"manifest": "key of a JSON array"}.',
        },
        "Route the manifest": _map(read, "{% $states.context.Map.Item.Value %}", workers),
        "Route the prefix": _map(listed, "{% $states.context.Map.Item.Value.Key %}", workers),
    }
    return machine(
        "Routes many pictures; every one ends as a decision or in the fault queue.", "What to route?", states, 86_400
    )


def _map(reader: State, key: str, workers: int) -> State:
    return {
        "Type": "Map",
        "ItemReader": reader,
        "ItemSelector": {"s3_bucket": _BUCKET, "s3_key": key, "classifier": f"{{% {_CLASSIFIER} %}}"},
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
            "StartAt": "Route",
            "States": _child(),
        },
        "MaxConcurrency": workers,
        "ToleratedFailurePercentage": 100,  # one picture must not stop the others
        "Label": "Pictures",
        "ResultWriter": {
            "Resource": "arn:aws:states:::s3:putObject",
            "Arguments": {"Bucket": "${DecisionsBucket}", "Prefix": BATCHES.rstrip("/")},
        },
        "End": True,
    }


def _child() -> dict[str, State]:
    """One picture. The routing machine parks its own faults; what it could not park is parked here."""
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
