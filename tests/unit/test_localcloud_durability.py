"""The state of the local cloud as units, and the ids of the tasks of executions."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ministack.core.responses import AccountRegionScopedDict, AccountScopedDict

from localcloud.durability import tasks
from localcloud.durability.store import StateStore
from localcloud.durability.values import join, split


def test_a_state_is_read_as_it_was_written(tmp_path: Path) -> None:
    # GIVEN a state of every kind of store
    queues, buckets = AccountRegionScopedDict(), AccountScopedDict()
    queues._data["000000000000", "us-east-1", "a é\n"] = {"messages": [b"\x00"]}
    buckets._data["000000000000", ("bucket", "key")] = ["version"]
    state: dict[str, Any] = {"queues": queues, "buckets": buckets, "none": AccountScopedDict(), "plain": [1, None]}
    store = StateStore(tmp_path / "state.db")
    # WHEN it is written, and one entry deleted
    store.write(split("service", state))
    store.write(dict.fromkeys(unit for unit in store.read("service") if "bucket" in unit.key))
    # THEN the rest is there, each in its kind of store
    found = join(StateStore(tmp_path / "state.db").read("service"))
    assert found["queues"]._data == queues._data
    assert (found["buckets"]._data, found["none"]._data, found["plain"]) == ({}, {}, [1, None])
    assert isinstance(found["queues"], AccountRegionScopedDict)
    assert join(store.read("other")) is None


@pytest.mark.parametrize("other", ["none", ""])
def test_a_state_that_is_no_dictionary_is_one_unit(other: str) -> None:
    assert join(split("service", [other])) == [other]


def test_an_attempt_more_shifts_no_other_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    once, again = ids_of_requests(attempts=1), ids_of_requests(attempts=2)
    # The second attempt of the first state is all that is new.
    assert (len(once), len(again)) == (3, 4)
    assert set(once) < set(again)
    assert {tasks.execution_of(task) for task in again} == {"arn:execution:one/label:x"}


def ids_of_requests(attempts: int) -> list[str]:
    """Ids of the requests of an execution whose first state is tried so often, and whose second is visited twice."""
    registered: list[Any] = []
    events = SimpleNamespace(register=lambda _, handler: registered.append(handler))
    tasks.mark_requests(SimpleNamespace(meta=SimpleNamespace(events=events)))
    sent: list[str] = []

    def send() -> None:
        request = SimpleNamespace(headers={})
        registered[0](request, event_name="before-send.sqs.SendMessage")
        sent.append(request.headers[tasks.HEADER])

    @tasks._visited
    def visit(definition: dict[str, Any], tries: int) -> None:
        del definition
        for _ in range(tries):
            tasks.numbered_call(send)

    def run(arn: str) -> None:
        del arn
        visit({"Resource": "first"}, attempts)
        visit({"Resource": "second"}, 1)
        visit({"Resource": "second"}, 1)

    tasks._numbered(run)("arn:execution:one/label:x")
    return sent
