"""The routing machine (Express): one picture from event to dispatched decision."""

from __future__ import annotations

from signpost.prefixes import DECISIONS
from signpost.settings import Settings
from stepfunctions import claims
from stepfunctions.states import State, call, catch, choice, invoke, machine

_REFERENCE = (
    "{% {'s3_bucket': $p.image.bucket, 's3_key': $p.image.key, 'version_id': $p.image.version_id, "
    "'classifier': $p.classifier} %}"
).replace("$p", "$states.result.Payload")
_DECISION = "{% $string($decision) %}"


def substitution(kind: str, *parts: str) -> str:
    """Name the substitution of a resource, for instance ``QueueVehicleNearbyOrders``."""
    return kind + "".join(word.capitalize() for part in parts for word in part.split("-"))


def build(settings: Settings) -> State:
    """Build the machine.

    Parameters
    ----------
    settings : Settings
        Its classifiers give the branches.

    Returns
    -------
    dict
        Amazon States Language.
    """
    faults = _faults()
    states = {
        **_prepare(settings),
        **_classify(settings),
        **_dispatch(settings),
    }
    # Whatever goes wrong anywhere, the picture's reference ends in the fault queue.
    guarded = {
        name: catch(state, "Release the claim") if state["Type"] == "Task" and name != "Serialize" else state
        for name, state in states.items()
    }
    comment = "Routes one picture. Outcomes (routed, review, rejected) are answers; a failed execution is a fault."
    return machine(comment, "Serialize", {**guarded, **faults}, timeout_seconds=300)


def _prepare(settings: Settings) -> dict[str, State]:
    assign = {
        "decision_id": "{% $states.result.Payload.decision_id %}",
        "classifier": "{% $states.result.Payload.classifier %}",
        "image": "{% $states.result.Payload.image %}",
        "decision": "{% $states.result.Payload.decision %}",
        "reference": _REFERENCE,
        "tries": 0,
    }
    serialize = invoke("Serialize", "{% $states.input %}", then="Claim", assign=assign, retry=[])
    rules = [("$decision.outcome = 'rejected'", "Keep the decision")]
    rules += [(f"$classifier = '{name}'", f"Classify: {name}") for name in settings.hosted]
    return {
        "Serialize": catch(serialize, "Park the reference", reference="{% $states.context.Execution.Input %}"),
        "Claim": claims.claim(then="Which classifier?", recall="Recall"),
        "Recall": claims.recall(then="Seen before?"),
        "Seen before?": claims.seen_before(
            dispatched="Answer", queued="Announce", wait="Wait for the other", give_up="Dispatch stuck"
        ),
        "Wait for the other": {"Type": "Wait", "Seconds": 2, "Next": "Claim"},
        "Dispatch stuck": _fault("DispatchStuck", "Another execution has claimed this picture and does not finish."),
        "Which classifier?": choice(rules, default="No branch"),
        "No branch": _fault("NoBranch", "The machine has no branch for this classifier or label: deploy again."),
    }


def _classify(settings: Settings) -> dict[str, State]:
    payload = {
        "decision_id": "{% $decision_id %}",
        "prepared": "{% $states.input.prepared %}",
        "timings_ms": "{% $states.input.timings_ms %}",
    }
    classify = {
        f"Classify: {name}": invoke(
            substitution("Classify", name), payload, then="Filter", assign={}, retry=["EndpointUnwell"]
        )
        for name in settings.hosted
    }
    merged = "{% $merge([$states.input, {'decision_id': $decision_id, 'classifier': $classifier, 'image': $image}]) %}"
    assign = {"decision": "{% $states.result.Payload %}"}
    filter_ = invoke("Filter", merged, then="Keep the decision", assign=assign, retry=[])
    return {**classify, "Filter": filter_}


def _dispatch(settings: Settings) -> dict[str, State]:
    branches = {"rejected": _send("rejected"), "review": _send("review")}
    rules = [("$decision.outcome = 'rejected'", "rejected"), ("$decision.outcome = 'review'", "review")]
    for name, classifier in settings.classifiers.items():
        for label, route in classifier.route_of.items():
            branch = f"{name}: {label} → {route}"
            rules.append((f"$decision.classifier = '{name}' and $decision.label = '{label}'", branch))
            branches[branch] = _send(name, route, loading_bay=classifier.routes[route].loading_bay)
    day = "$replace($substring($states.context.State.EnteredTime, 0, 10), '-', '/')"
    key = f"{{% '{DECISIONS}' & {day} & '/' & $decision_id & '.json' %}}"
    keep = {"Bucket": "${DecisionsBucket}", "Key": key, "Body": "{% $decision %}", "ContentType": "application/json"}
    event = {
        "Source": "signpost",
        "DetailType": "ImageRouted",
        "EventBusName": "${EventBus}",
        "Detail": "{% $decision %}",
    }
    return {
        "Keep the decision": call("aws-sdk:s3:putObject", keep, then="Where to?"),
        "Where to?": choice(rules, default="No branch"),
        **branches,
        "Mark queued": claims.mark("queued", then="Announce"),
        "Announce": call("events:putEvents", {"Entries": [event]}, then="Mark dispatched"),
        "Mark dispatched": claims.mark("dispatched", then="Answer"),
        "Answer": {"Type": "Pass", "Output": "{% $decision %}", "End": True},
    }


def _send(*parts: str, loading_bay: str = "") -> State:
    attributes = {"outcome": "{% $decision.outcome %}"} | ({"loading_bay": loading_bay} if loading_bay else {})
    arguments = {
        "QueueUrl": f"${{{substitution('Queue', *parts)}}}",
        "MessageBody": _DECISION,
        "MessageAttributes": {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()},
    }
    return call("sqs:sendMessage", arguments, then="Mark queued")


def _fault(error: str, cause: str) -> State:
    return {"Type": "Pass", "Assign": {"fault": {"Error": error, "Cause": cause}}, "Next": "Release the claim"}


def _faults() -> dict[str, State]:
    record = (
        "{% $string({'input': $reference, 'error': $fault.Error, 'cause': $substring($fault.Cause, 0, 2000), "
        "'execution': $states.context.Execution.Id}) %}"
    )
    park = call("sqs:sendMessage", {"QueueUrl": "${QueueFaults}", "MessageBody": record}, then="Fault")
    return {
        "Release the claim": claims.release(then="Park the reference"),
        "Park the reference": {**park, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Fault"}]},
        "Fault": {"Type": "Fail", "Error": "{% $fault.Error %}", "Cause": "{% $fault.Cause %}"},
    }
