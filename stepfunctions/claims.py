"""Dispatching a picture once: one item per decision in the idempotency table.

``claimed`` (an execution works on it, until its lease ends) → ``queued`` (the route's queue has it) → ``dispatched``
(the bus has it too). A second execution for the same picture answers with the first one's decision, or takes up its
work.
"""

from __future__ import annotations

from stepfunctions.states import CONDITION_FAILED, State, call, choice

# The machine ends after 300 seconds, so a claim that is older belongs to no one.
_LEASE_SECONDS = 310
_KEEP_SECONDS = 90 * 24 * 3600
_TABLE = "${IdempotencyTable}"
_KEY = {"decision_id": {"S": "{% $decision_id %}"}}
_NOW = "$floor($toMillis($states.context.State.EnteredTime) / 1000)"
_ME = "{% $states.context.Execution.Id %}"


def claim(then: str, recall: str) -> State:
    """Claim a decision, unless another execution has."""
    item = {
        **_KEY,
        "status": {"S": "claimed"},
        "execution": {"S": _ME},
        "lease_until": {"N": f"{{% $string({_NOW} + {_LEASE_SECONDS}) %}}"},
        "expires_at": {"N": f"{{% $string({_NOW} + {_KEEP_SECONDS}) %}}"},
    }
    arguments = {
        "TableName": _TABLE,
        "Item": item,
        "ConditionExpression": "attribute_not_exists(decision_id) OR (#status = :claimed AND lease_until < :now)",
        "ExpressionAttributeNames": {"#status": "status"},
        "ExpressionAttributeValues": {":claimed": {"S": "claimed"}, ":now": {"N": f"{{% $string({_NOW}) %}}"}},
    }
    state = call("dynamodb:putItem", arguments, then=then)
    return {**state, "Catch": [{"ErrorEquals": [CONDITION_FAILED], "Output": "{% $states.input %}", "Next": recall}]}


def recall(then: str) -> State:
    """Read what the other execution did."""
    arguments = {"TableName": _TABLE, "Key": _KEY, "ConsistentRead": True}
    state = call("dynamodb:getItem", arguments, then=then)
    assign = {
        "found": "{% $exists($states.result.Item) ? $states.result.Item.status.S : 'released' %}",
        "decision": "{% $exists($states.result.Item.decision) ? $parse($states.result.Item.decision.S) : null %}",
        "tries": "{% $tries + 1 %}",
    }
    return {**state, "Assign": assign}


def seen_before(dispatched: str, queued: str, wait: str, give_up: str) -> State:
    """Answer, take up the work, or wait for the one who is at it."""
    rules = [("$found = 'dispatched'", dispatched), ("$found = 'queued'", queued), ("$tries < 10", wait)]
    return choice(rules, default=give_up)


def mark(status: str, then: str) -> State:
    """Write down how far the dispatch has come."""
    arguments = {
        "TableName": _TABLE,
        "Key": _KEY,
        "UpdateExpression": "SET #status = :status, decision = :decision",
        "ExpressionAttributeNames": {"#status": "status"},
        "ExpressionAttributeValues": {":status": {"S": status}, ":decision": {"S": "{% $string($decision) %}"}},
    }
    return call("dynamodb:updateItem", arguments, then=then)


def release(then: str) -> State:
    """Give a claim back after a fault, so that a redrive need not wait for the lease to end."""
    arguments = {
        "TableName": _TABLE,
        "Key": _KEY,
        "ConditionExpression": "#status = :claimed AND execution = :me",
        "ExpressionAttributeNames": {"#status": "status"},
        "ExpressionAttributeValues": {":claimed": {"S": "claimed"}, ":me": {"S": _ME}},
    }
    state = call("dynamodb:deleteItem", arguments, then=then)
    # Not mine, gone, or the table unwell: the fault is parked all the same.
    return {**state, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": then}]}
