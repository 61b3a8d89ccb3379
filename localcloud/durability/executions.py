"""Executions of Step Functions: a unit each, written when one starts and when it has ended."""

from typing import Any

from ministack.services import stepfunctions

from localcloud.durability import tasks
from localcloud.durability.store import Changes, Unit
from localcloud.durability.values import decode, encode, scope_text

_SERVICE = "stepfunctions-executions"
_STORES = (
    "state_machines",
    "tags",
    "activities",
    "state_machine_versions",
    "state_machine_aliases",
    "map_runs",
)
Execution = dict[str, Any]


class Executions:
    """The executions of every machine; those of Express machines only while they run, as AWS shows none afterwards."""

    def __init__(self) -> None:
        self._known: set[Any] = set()
        # Those that run, and whether that is written.
        self._open: dict[Any, bool] = {}
        self.interrupted: list[Execution] = []

    def load(self, state: dict[str, Any], units: dict[Unit, str]) -> None:
        """Put the executions that have ended into a state; the others are `interrupted`."""
        state["executions"] = type(stepfunctions._executions)()
        for unit, value in units.items():
            execution = decode(value)
            account, region, _ = unit.key.split("\0", 2)
            scope = (account, region, execution["executionArn"])
            self._known.add(scope)
            if execution["status"] == "RUNNING":
                self._open[scope] = False
                self.interrupted.append(execution)
            else:
                state["executions"]._data[scope] = execution
        # What a map had not finished is done again by the execution that it is part of, in another run.
        runs = state["map_runs"]._data
        state["map_runs"]._data = {scope: run for scope, run in runs.items() if run["status"] != "RUNNING"}

    def collect(self, changes: Changes) -> list[str]:
        """Add what has changed since the last call, and return the ARN of every execution that has ended."""
        executions, ended = stepfunctions._executions._data, []
        present = set(executions)
        for scope in present - self._known:
            self._open[scope] = False
        for scope in self._known - present:
            self._open.pop(scope, None)
            changes[_unit(scope)] = None
        self._known = present
        for scope, written in list(self._open.items()):
            execution = executions[scope]
            # Until the task that called it has its answer, it may have to be called again.
            if _has_ended(execution) and scope[2] not in tasks.callers:
                changes[_unit(scope)] = None if is_express(execution) else encode(execution)
                ended.append(scope[2])
                del self._open[scope]
            elif not written and "mapRunArn" not in execution:
                caller = tasks.callers.get(scope[2])
                begun = {**execution, "status": "RUNNING", "events": execution["events"][:1], "caller": caller}
                changes[_unit(scope)] = encode(begun)
                self._open[scope] = True
        return ended


def machines() -> dict[str, Any]:
    """Return the rest of the state of Step Functions, as its `get_state` does."""
    return {name: getattr(stepfunctions, f"_{name}") for name in _STORES}


def _has_ended(execution: Execution) -> bool:
    """Return True once nothing changes: MiniStack sets the status, then the output, the time and the last event."""
    if execution["status"] == "RUNNING" or not execution["stopDate"]:
        return False
    events = execution["events"]
    return not events or events[-1]["type"] in ("ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted")


def is_express(execution: Execution) -> bool:
    """Return True where its machine keeps no record of it once it has ended."""
    machine = stepfunctions._state_machines.get(execution["stateMachineArn"])
    return bool(execution.get("sync")) or (machine is not None and machine.get("type") == "EXPRESS")


def _unit(scope: Any) -> Unit:
    return Unit(_SERVICE, "executions", scope_text(scope))
