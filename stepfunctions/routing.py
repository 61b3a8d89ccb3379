"""The routing machine (Express): one picture from event to dispatched decision."""

from __future__ import annotations

from signpost.errors import ASLEEP, NOT_PARKED
from signpost.routing.events import IGNORED, SERIALIZED, WAITED
from signpost.routing.prefixes import DECISIONS
from signpost.settings.file import Hosting, Settings
from stepfunctions import claims
from stepfunctions.states import State, call, catch, choice, invoke, machine, spent_at_most

_REFERENCE = (
    "{% {'s3_bucket': $p.image.bucket, 's3_key': $p.image.key, 'version_id': $p.image.version_id, "
    "'classifier': $p.classifier} %}"
)
_DECISION = "{% $string($decision) %}"
# What Serialize answers for the rest of the machine.
_PARTS = ("decision_id", "classifier", "image", "decision")
# What an execution was asked, for the fault queue: a redrive does not come from the waiting machine, so no `waited`. An
# object that nothing is left of is undefined in JSONata, and an event may be anything but an object, too.
_ASKED = (
    "{% ($asked := $states.context.Execution.Input; $type($asked) = 'object' "
    f"? $merge([{{}}, $sift($asked, function($value, $name) {{$name != '{WAITED}'}})]) : $asked) %}}"
)
# Programs and the S3 console make objects that stand for folders: no images, so nothing is decided.
_KEYS = "[$states.input.s3_key, $states.input.detail.object.key, $states.input.Records[0].s3.object.key]"
_IS_FOLDER = (
    f"$count({_KEYS}[$type($) = 'string' and $substring($, -1) = '/']) > 0 and $count($states.input.Records) <= 1"
)
_FOLDER = {"code": "folder", "message": "The key ends with a slash: it stands for a folder, not for an image."}
# All that a picture can wait for, one after the other, fits in: an execution that times out could park nothing.
TIMEOUT_SECONDS = 285
# Until when an image may be classified and dispatched, in seconds of its execution: the time left is enough for the
# slowest way on, to the fault queue. A burst of images, whose calls are throttled, may use the time up.
CLASSIFY_BY, DISPATCH_BY = 45, 120
# Functions are given up one second before their Task. Most of it is for cold starts, many at once on a small laptop.
SERIALIZE_SECONDS, CLASSIFY_SECONDS, ASYNC_SECONDS, FILTER_SECONDS = 25, 25, 30, 12


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
    faults = _faults(sleeps=settings.sleeps)
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
    return machine(comment, "Prepared already?", {**guarded, **faults}, TIMEOUT_SECONDS)


def _prepare(settings: Settings) -> dict[str, State]:
    # Events may have members of any name: only what has all of them comes from the API.
    has_all = " and ".join(f"$exists($states.input.{SERIALIZED}.{part})" for part in (*_PARTS, "prepared"))
    prepared = choice([(has_all, "Claim"), (_IS_FOLDER, "Folder")], default="Serialize")
    prepared["Choices"][0] |= {
        "Assign": _serialized(f"$states.input.{SERIALIZED}"),
        "Output": f"{{% $states.input.{SERIALIZED} %}}",
    }
    serialize = invoke(
        "Serialize",
        "{% $states.input %}",
        then="Claim",
        assign=_serialized("$states.result.Payload"),
        timeout_seconds=SERIALIZE_SECONDS + 1,
        attempts=2,
    )
    rules = [
        ("$decision.outcome = 'rejected'", "Keep the decision"),
        (f"$not({spent_at_most(CLASSIFY_BY)})", "Out of time"),
    ]
    rules += [(f"$classifier = '{name}'", f"Classify: {name}") for name in settings.hosted]
    return {
        "Prepared already?": prepared,
        "Folder": {"Type": "Pass", "Output": {"outcome": IGNORED, "reason": _FOLDER}, "End": True},
        "Serialize": catch(serialize, "Park the reference", reference=_ASKED),
        "Claim": claims.claim(then="Which classifier?", recall="Recall"),
        "Recall": claims.recall(then="Seen before?"),
        "Seen before?": claims.seen_before(
            dispatched="Answer", queued="Take over", wait="Wait for the other", give_up="Dispatch stuck"
        ),
        "Wait for the other": {"Type": "Wait", "Seconds": claims.WAIT_SECONDS, "Next": "Claim"},
        "Take over": claims.take_over(then="Announce", recall="Recall"),
        "Dispatch stuck": _fault("DispatchStuck", "Another execution has claimed this picture and does not finish."),
        "Which classifier?": choice(rules, default="No branch"),
        "Out of time": _fault("OutOfTime", "The image waited too long for functions or services: route it again."),
        "No branch": _fault("NoBranch", "The machine has no branch for this classifier or label: deploy again."),
    }


def _serialized(where: str) -> State:
    """Take over what Serialize answers, or what the API has made of a picture in the same way."""
    return {
        **{name: f"{{% {where}.{name} %}}" for name in _PARTS},
        "reference": _REFERENCE.replace("$p", where),
    }


def _classify(settings: Settings) -> dict[str, State]:
    payload = {
        "decision_id": "{% $decision_id %}",
        "prepared": "{% $states.input.prepared %}",
        "timings_ms": "{% $states.input.timings_ms %}",
    }
    classify = {}
    for name, classifier in settings.hosted.items():
        is_async = classifier.hosting is Hosting.ASYNC
        classify[f"Classify: {name}"] = invoke(
            substitution("Classify", name),
            payload,
            then="Filter",
            # CloudFormation templates of the CDK have no empty objects.
            assign={"routes": classifier.route_of, "thresholds": classifier.thresholds or "{% {} %}"},
            timeout_seconds=(ASYNC_SECONDS if is_async else CLASSIFY_SECONDS) + 1,
            attempts=2 if is_async else 3,
            retry=["EndpointUnwell"],
        )
    variables = ("decision_id", "classifier", "image", "routes", "thresholds")
    known = ", ".join(f"'{variable}': ${variable}" for variable in variables)
    filter_ = invoke(
        "Filter",
        f"{{% $merge([$states.input, {{{known}}}]) %}}",
        then="Keep the decision",
        assign={"decision": "{% $states.result.Payload %}"},
        timeout_seconds=FILTER_SECONDS + 1,
        attempts=2,
    )
    return {**classify, "Filter": filter_}


def _dispatch(settings: Settings) -> dict[str, State]:
    branches = {"rejected": _send("rejected"), "review": _send("review")}
    rules = [
        (f"$not({spent_at_most(DISPATCH_BY)})", "Out of time"),
        ("$decision.outcome = 'rejected'", "rejected"),
        ("$decision.outcome = 'review'", "review"),
    ]
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


def ask(event: str, then: str) -> State:
    """Have another machine route one picture, and wait for what becomes of it.

    Parameters
    ----------
    event : str
        JSONata of the event.
    then : str
        Next state. It finds ``status``, ``error`` and ``answer``.

    Returns
    -------
    dict
        A Task that is not repeated when it takes too long: the picture may be decided by then.
    """
    route = call(
        "aws-sdk:sfn:startSyncExecution",
        {"StateMachineArn": "${RoutingMachine}", "Input": f"{{% $string({event}) %}}"},
        then=then,
        output={
            "status": "{% $states.result.Status %}",
            "error": "{% $exists($states.result.Error) ? $states.result.Error : '' %}",
            "answer": "{% $states.result.Status = 'SUCCEEDED' ? $parse($states.result.Output) : null %}",
        },
    )
    route["TimeoutSeconds"] = TIMEOUT_SECONDS + 5
    route["Retry"].insert(0, {"ErrorEquals": ["States.Timeout"], "MaxAttempts": 0})
    return route


def _faults(*, sleeps: bool) -> dict[str, State]:
    cause = "($exists($fault.Cause) ? $fault.Cause : 'no cause given')"
    record = (
        f"{{% $string({{'input': $reference, 'error': $fault.Error, 'cause': $substring({cause}, 0, 2000), "
        "'execution': $states.context.Execution.Id}) %}"
    )
    park = call("sqs:sendMessage", {"QueueUrl": "${QueueFaults}", "MessageBody": record}, then="Fault")
    return {
        "Release the claim": claims.release(then="Asleep?" if sleeps else "Park the reference"),
        **(_later() if sleeps else {}),
        "Park the reference": {**park, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Fault, not parked"}]},
        "Fault": {"Type": "Fail", "Error": "{% $fault.Error %}", "Cause": f"{{% {cause} %}}"},
        "Fault, not parked": {"Type": "Fail", "Error": NOT_PARKED[0], "Cause": f"{{% {cause} %}}"},
    }


def _later() -> dict[str, State]:
    """Leave the picture to a Standard machine: an instance takes longer to start than an Express execution may last."""
    asleep = f"$fault.Error = '{ASLEEP}'"
    # To start what runs already, by name and input, changes nothing and succeeds: however often a picture is asked for,
    # one execution an hour waits for it. The name of one that has ended can't be had again: the reference is parked.
    name = "{% $decision_id & '-' & $substring($states.context.State.EnteredTime, 0, 13) %}"
    later = call(
        "aws-sdk:sfn:startExecution",
        {"StateMachineArn": "${WaitingMachine}", "Name": name, "Input": "{% $string($reference) %}"},
        then="Fault",
    )
    return {
        "Asleep?": choice(
            [(f"{asleep} and $exists($states.context.Execution.Input.{WAITED})", "Fault"), (asleep, "Ask later")],
            default="Park the reference",
        ),
        "Ask later": {**later, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Park the reference"}]},
    }
