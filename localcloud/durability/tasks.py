"""Tasks of executions, each with an id that is the same when its execution is run again after a kill.

An execution that was interrupted is run again from its start. The calls that it had made, found by their ids, are not
made a second time: they are answered as they were. So an execution goes on where it was, as on AWS, where one never
loses its place.
"""

import hashlib
import hmac
import json
import os
import uuid
from collections import Counter
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from ministack.services import stepfunctions

HEADER = "x-localcloud-task"
# By ARN of an execution that a task waits for, the execution of that task.
callers: dict[str, str] = {}
# By task, the ARN of the execution whose end it waits for.
_called_by: dict[str, str] = {}


class _Place:
    """A sequence of states: an execution, a branch, or an item of a map; or one visit of a state, with its attempts."""

    def __init__(self, execution: str, path: str) -> None:
        self.execution = execution
        self.path = path
        self._counts: Counter[str] = Counter()

    def next(self, name: str = "") -> str:
        """Return the path of the next visit of a state, or of the next attempt."""
        self._counts[name] += 1
        return f"{self.path}/{name}{self._counts[name]}"


_PLACE: ContextVar[_Place | None] = ContextVar("place", default=None)
# Of the call that this thread makes, and of the request that is being answered.
_CALL: ContextVar[_Place | None] = ContextVar("call", default=None)
ANSWERED: ContextVar[str | None] = ContextVar("answered", default=None)


def install() -> None:
    """Assign a number to each task, and to each execution that it starts a name derived from it."""
    stepfunctions._run_execution = _numbered(stepfunctions._run_execution)
    stepfunctions._run_sub_machine = _numbered_part(stepfunctions._run_sub_machine)
    stepfunctions._execute_task = _visited(stepfunctions._execute_task)
    stepfunctions._run_map_items = _visited(stepfunctions._run_map_items)
    stepfunctions._run_parallel_branches = _visited(stepfunctions._run_parallel_branches)
    stepfunctions._start_execution = _named(stepfunctions._start_execution)
    stepfunctions._start_sync_execution = _named(_called(stepfunctions._start_sync_execution))


def numbered_call(call: Callable[[], Any]) -> Any:
    """Make the call of a task.

    Parameters
    ----------
    call : callable
        Sends the request, with a client that `mark_requests` was given.

    Returns
    -------
    Any
        What it returns.
    """
    place = _PLACE.get()
    if place is None:
        return call()
    # Without the root user's secret key, a client cannot name the task of another execution.
    secret = os.environ["AWS_SECRET_ACCESS_KEY"].encode()
    digest = hmac.digest(secret, json.dumps([place.execution, place.next()]).encode(), "sha256").hex()
    token = _CALL.set(_Place(place.execution, digest))
    try:
        return call()
    finally:
        _CALL.reset(token)


def mark_requests(client: Any) -> None:
    """Let a client name the task that it sends a request for.

    Parameters
    ----------
    client : boto3 client
        Of the role of a state machine.
    """

    def mark(request: Any, event_name: str, **_: Any) -> None:
        # How far a job is, which a task asks again and again, is asked again after a kill too.
        if (call := _CALL.get()) and ".Describe" not in event_name:
            request.headers[HEADER] = f"{call.execution}/{call.next()}"

    client.meta.events.register("before-send", mark)


def answered(task: str) -> None:
    """Forget the execution that a task waited for: the answer that has its output is about to be written."""
    callers.pop(_called_by.pop(task, ""), None)


def execution_of(task: str) -> str:
    """Return the ARN of the execution that a task is part of."""
    return task.rsplit("/", 2)[0]


def _numbered(run: Callable[[str], None]) -> Callable[[str], None]:
    def run_execution(arn: str) -> None:
        token = _PLACE.set(_Place(arn, ""))
        try:
            run(arn)
        finally:
            _PLACE.reset(token)

    return run_execution


def _numbered_part(run: Callable[..., Any]) -> Callable[..., Any]:
    def run_sub_machine(states: Any, start_at: str, given: Any, execution: Any, context: dict[str, Any]) -> Any:
        outer = _PLACE.get()
        if outer is None:
            return run(states, start_at, given, execution, context)
        index = context.get("Map", {}).get("Item", {}).get("Index", "")
        token = _PLACE.set(_Place(outer.execution, f"{outer.path}/{start_at}[{index}]"))
        try:
            return run(states, start_at, given, execution, context)
        finally:
            _PLACE.reset(token)

    return run_sub_machine


def _visited(run: Callable[..., Any]) -> Callable[..., Any]:
    """Count the visits of each state: one that needs fewer attempts the second time does not shift the others."""

    def run_state(definition: dict[str, Any], *arguments: Any) -> Any:
        outer = _PLACE.get()
        if outer is None:
            return run(definition, *arguments)
        # A definition is not told its name, and what the context says may be that of a parallel branch.
        name = hashlib.sha256(json.dumps(definition, sort_keys=True).encode()).hexdigest()
        token = _PLACE.set(_Place(outer.execution, outer.next(name)))
        try:
            return run(definition, *arguments)
        finally:
            _PLACE.reset(token)

    return run_state


def _named(start: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    """Derive the name of what a task starts from the task, so that it is not started twice."""

    def start_execution(request: dict[str, Any]) -> Any:
        if task := ANSWERED.get():
            request = {"name": str(uuid.uuid5(uuid.NAMESPACE_URL, task)), **request}
        return start(request)

    return start_execution


def _called(start: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    """Remember which execution waits for the one that is started."""

    def start_sync_execution(request: dict[str, Any]) -> Any:
        if (task := ANSWERED.get()) and "stateMachineArn" in request:
            arn = f"{request['stateMachineArn'].replace(':stateMachine:', ':execution:')}:{request['name']}"
            callers[arn], _called_by[task] = execution_of(task), arn
        return start(request)

    return start_sync_execution
