"""Changes of the state since it was last written."""

from collections.abc import Callable
from typing import Any

import ministack.app as ministack_app

from localcloud.durability import outbox, tasks
from localcloud.durability.executions import Executions, machines
from localcloud.durability.items import Items, tables_without_items
from localcloud.durability.log_events import LogEvents, groups_without_events
from localcloud.durability.messages import Messages, queues_without_messages
from localcloud.durability.store import Changes, StateStore, Unit
from localcloud.durability.values import join, split

ANSWERS = "localcloud-answers"
# Services whose state holds collections of many parts, which are looked after one by one.
_WITHOUT_COLLECTIONS: dict[str, Callable[[], dict[str, Any]]] = {
    "dynamodb": tables_without_items,
    "sqs": queues_without_messages,
    "stepfunctions": machines,
    "cloudwatch_logs": groups_without_events,
}


class State:
    """The state of every service.

    Parameters
    ----------
    store : StateStore
        What was written so far.
    """

    def __init__(self, store: StateStore) -> None:
        self._store = store
        self.items, self.messages, self.log_events = Items(), Messages(), LogEvents()
        self.executions = Executions()
        # Hashes of the written values, by service.
        self._written: dict[str, dict[Unit, int]] = {}
        # Answers to the tasks of executions that run, by execution.
        self._answers: dict[str, list[Unit]] = {}
        self._new_answers: Changes = {}

    def load(self, service: str) -> Any:
        """Return the state of a service as its `load_persisted_state` takes it; None where there is none."""
        units = self._store.read(service)
        self._written[service] = {unit: hash(value) for unit, value in units.items()}
        state = join(units)
        collections = {
            "dynamodb": (self.items, "dynamodb-items"),
            "sqs": (self.messages, "sqs-messages"),
            "stepfunctions": (self.executions, "stepfunctions-executions"),
            "cloudwatch_logs": (self.log_events, "cloudwatch_logs-events"),
        }
        if state and service in collections:
            collection, name = collections[service]
            collection.load(state, self._store.read(name))
        return state

    def load_answers(self) -> dict[str, str]:
        """Return the answers to the tasks of executions that were interrupted, by task."""
        units = self._store.read(ANSWERS)
        for unit in units:
            self._answers.setdefault(unit.store, []).append(unit)
        return {unit.key: value for unit, value in units.items()}

    def add_answer(self, execution: str, task: str, answer: str) -> None:
        """Keep the answer to a task until its execution ends; it is written with what the request has changed."""
        tasks.answered(task)
        unit = Unit(ANSWERS, execution, task)
        self._answers.setdefault(execution, []).append(unit)
        self._new_answers[unit] = answer

    def collect(self, touched: set[str], *, all_services: bool = False) -> Changes:
        """Return what has changed, and count it as written.

        Parameters
        ----------
        touched : set of str
            Services that may have changed outside of their collections.
        all_services : bool
            Whether to look at every service.

        Returns
        -------
        dict of Unit to (str or None)
            New values; None for what is no more.
        """
        changes, self._new_answers = self._new_answers, {}
        self.items.collect(changes)
        self.messages.collect(changes)
        if "cloudwatch_logs" in touched or all_services:
            self.log_events.collect(changes)
        for execution in self.executions.collect(changes):
            changes |= dict.fromkeys(self._answers.pop(execution, ()))
        outbox.collect(changes)
        services: dict[str, Any] = ministack_app._build_persistence_save_dict()
        for service, get_state in services.items():
            if all_services or service in touched:
                self._collect_service(service, (_WITHOUT_COLLECTIONS.get(service) or get_state)(), changes)
        return changes

    def _collect_service(self, service: str, state: Any, changes: Changes) -> None:
        if state is None:  # a module that could not be loaded knows nothing
            return
        units = split(service, state)
        written = self._written.get(service, {})
        now = {unit: hash(value) for unit, value in units.items()}
        changes |= {unit: value for unit, value in units.items() if written.get(unit) != now[unit]}
        changes |= dict.fromkeys(written.keys() - now.keys())
        self._written[service] = now
