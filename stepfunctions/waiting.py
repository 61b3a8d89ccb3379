"""The waiting machine (Standard): routes a picture again until the endpoint that it needs has an instance."""

from __future__ import annotations

from signpost.errors import ASLEEP, NOT_PARKED
from signpost.routing.events import WAITED
from stepfunctions.routing import ask
from stepfunctions.states import State, call, catch, choice, machine, wait

# An instance is up after five to ten minutes, if there is capacity for one.
WAIT_SECONDS = 180
_TRIES = 40


def machine_name(app: str) -> str:
    """Name the machine of an app."""
    return f"{app}-waiting"


def build() -> State:
    """Build the machine. Its input is a picture's reference, as the fault queue has it.

    Returns
    -------
    dict
        Amazon States Language.
    """
    waited = f"$merge([$reference, {{'{WAITED}': true}}])"
    error = "{% $exists($states.result.Error) ? $states.result.Error : 'NotAnswered' %}"
    route = {**ask(waited, then="Answered?"), "Assign": {"tries": "{% $tries + 1 %}", "error": error}}
    unparked = " or ".join(f"$error = '{name}'" for name in (ASLEEP, *NOT_PARKED))
    record = "{% $string({'input': $reference, 'error': $error, 'execution': $states.context.Execution.Id}) %}"
    states: dict[str, State] = {
        "Begin": {
            "Type": "Pass",
            "Assign": {"reference": "{% $states.input %}", "tries": 0},
            "Next": "Wait",
        },
        "Wait": wait(WAIT_SECONDS, then="Route again"),
        "Route again": catch(route, "Park", error="{% $states.errorOutput.Error %}"),
        "Answered?": choice(
            [
                ("$states.input.status = 'SUCCEEDED'", "Decided"),
                (f"$error = '{ASLEEP}' and $tries < {_TRIES}", "Wait"),
                (f"$states.input.status = 'FAILED' and $not({unparked})", "Fault"),
            ],
            default="Park",
        ),
        "Decided": {"Type": "Succeed", "Output": "{% $states.input.answer %}"},
        "Park": call("sqs:sendMessage", {"QueueUrl": "${QueueFaults}", "MessageBody": record}, then="Fault"),
        "Fault": {"Type": "Fail", "Error": "{% $error %}", "Cause": "The picture's reference is in the fault queue."},
    }
    comment = "Waits for an endpoint without instances; every picture ends as a decision or in the fault queue."
    return machine(comment, "Begin", states, 86_400)
