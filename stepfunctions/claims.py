"""Dispatching a picture once: one item per decision in the idempotency table.

``claimed`` (an execution works on it) → ``queued`` (the route's queue has it) → ``dispatched`` (the bus has it too).
An execution holds the item until its lease ends, or until it gives it back after a fault. A second execution for the
same picture waits, then answers with the first one's decision, or takes up its work.
"""

from __future__ import annotations

from typing import Any

from stepfunctions.states import CONDITION_FAILED, NOT_AGAIN, State, call, choice, retrier, spent_at_most

# The machine ends sooner, so a lease that has ended belongs to no one.
_LEASE_SECONDS = 310
_KEEP_SECONDS = 90 * 24 * 3600
WAIT_SECONDS = 3
# Of the execution's time, until when it may begin to wait once more, and to take over: what follows must fit in.
WAIT_BY, TAKE_OVER_BY = 180, 150
_TABLE = "${IdempotencyTable}"
_KEY = {"decision_id": {"S": "{% $decision_id %}"}}
_NOW = "$floor($toMillis($states.context.State.EnteredTime) / 1000)"
_ME = {"S": "{% $states.context.Execution.Id %}"}


def _number(expression: str) -> State:
    return {"N": f"{{% $string({expression}) %}}"}


def claim(then: str, recall: str) -> State:
    """Claim a decision, unless another execution holds it or has finished it."""
    values = {
        ":claimed": {"S": "claimed"},
        ":until": _number(f"{_NOW} + {_LEASE_SECONDS}"),
        ":expires": _number(f"{_NOW} + {_KEEP_SECONDS}"),
        ":now": _number(_NOW),
    }
    state = _update(
        "SET #status = :claimed, execution = :me, lease_until = :until, expires_at = :expires",
        values,
        # The API writes an item before anybody claims it. One's own claim may be repeated: the answer to the first try
        # may have been lost.
        condition="attribute_not_exists(#status) OR (#status = :claimed AND (lease_until < :now OR execution = :me))",
        then=then,
    )
    return {**state, "Catch": [{"ErrorEquals": [CONDITION_FAILED], "Output": "{% $states.input %}", "Next": recall}]}


def recall(then: str) -> State:
    """Read what the other execution did."""
    item = "$states.result.Item"
    assign = {
        "found": f"{{% $exists({item}) ? {item}.status.S : 'released' %}}",
        "lease_over": f"{{% $exists({item}) ? $number({item}.lease_until.N) < {_NOW} : true %}}",
        "decision": f"{{% $exists({item}.decision) ? $parse({item}.decision.S) : $decision %}}",
    }
    state = call("dynamodb:getItem", {"TableName": _TABLE, "Key": _KEY, "ConsistentRead": True}, then=then)
    return {**state, "Assign": assign}


def seen_before(dispatched: str, queued: str, wait: str, give_up: str) -> State:
    """Answer, take up the work, or wait for the one who is at it."""
    rules = [
        ("$found = 'dispatched'", dispatched),
        (f"$found = 'queued' and $lease_over and {spent_at_most(TAKE_OVER_BY)}", queued),
        (spent_at_most(WAIT_BY), wait),
    ]
    return choice(rules, default=give_up)


def take_over(then: str, recall: str) -> State:
    """Hold what another execution has queued and then left."""
    state = _update(
        "SET execution = :me, lease_until = :until",
        {":until": _number(f"{_NOW} + {_LEASE_SECONDS}"), ":queued": {"S": "queued"}, ":now": _number(_NOW)},
        condition="#status = :queued AND (lease_until < :now OR execution = :me)",
        then=then,
    )
    return {**state, "Catch": [{"ErrorEquals": [CONDITION_FAILED], "Next": recall}]}


def mark(status: str, then: str) -> State:
    """Write down how far the dispatch has come."""
    values = {":status": {"S": status}, ":decision": {"S": "{% $string($decision) %}"}}
    return _update("SET #status = :status, decision = :decision", values, condition="execution = :me", then=then)


def release(then: str) -> State:
    """Let the lease end after a fault, so that a redrive need not wait for it."""
    done = {":dispatched": {"S": "dispatched"}, ":over": {"N": "0"}}
    condition = "#status <> :dispatched AND execution = :me"
    state = _update("SET lease_until = :over", done, condition=condition, then=then)
    # Another execution's, or the table unavailable: the reference is put into the fault queue all the same, and soon.
    soon = [NOT_AGAIN, retrier(["States.ALL"], 2)]
    return {**state, "Retry": soon, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": then}]}


def _update(expression: str, values: dict[str, Any], *, condition: str, then: str) -> State:
    arguments: State = {
        "TableName": _TABLE,
        "Key": _KEY,
        "UpdateExpression": expression,
        "ConditionExpression": condition,
        "ExpressionAttributeValues": {":me": _ME, **values},
    }
    if "#status" in expression + condition:
        arguments["ExpressionAttributeNames"] = {"#status": "status"}
    return call("dynamodb:updateItem", arguments, then=then)
