import json

import pytest

from signpost.settings import load_settings
from stepfunctions import batch, routing
from stepfunctions.__main__ import FOLDER, MACHINES, render
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def settings():
    return load_settings(ROOT / "signpost.toml")


@pytest.mark.parametrize("name", MACHINES)
def test_the_committed_machine_is_current(name, settings):
    assert (FOLDER / name).read_text() == render(name, settings), "run `make machines` and commit the result"


def test_every_classifier_and_label_has_a_branch_of_its_own(settings):
    states = routing.build(settings)["States"]
    branches = [
        f"{name}: {label} → {route}"
        for name, classifier in settings.classifiers.items()
        for label, route in classifier.route_of.items()
    ]
    assert len(branches) == 7
    assert set(branches) <= set(states)
    reachable = {rule["Next"] for rule in states["Where to?"]["Choices"]}
    assert reachable == {*branches, "review", "rejected"}


def test_every_task_ends_in_the_fault_queue_when_all_else_fails(settings):
    states = routing.build(settings)["States"]
    for name, state in states.items():
        if state["Type"] == "Task":
            last = state["Catch"][-1]
            assert last["ErrorEquals"] == ["States.ALL"], name
            assert last["Next"] in {"Release the claim", "Park the reference", "Fault"}, name


def test_retries_and_timeouts_fit_into_the_machines_time(settings):
    machine = routing.build(settings)
    classify = machine["States"]["Classify: vehicle"]
    retry = classify["Retry"][0]
    calls = 1 + retry["MaxAttempts"]
    waiting = sum(retry["IntervalSeconds"] * retry["BackoffRate"] ** attempt for attempt in range(retry["MaxAttempts"]))
    assert calls * classify["TimeoutSeconds"] + waiting < machine["TimeoutSeconds"] <= 300


@pytest.mark.parametrize("build", [routing.build, batch.build])
def test_every_next_state_exists_and_names_are_within_the_limit(build, settings):
    machine = build(settings)
    _check(machine)
    assert len(json.dumps(machine)) < 1_000_000


def _check(machine):
    states = machine["States"]
    assert machine["StartAt"] in states
    for name, state in states.items():
        assert len(name) <= 80
        following = [state.get("Next"), state.get("Default")]
        following += [rule["Next"] for rule in state.get("Choices", []) + state.get("Catch", [])]
        assert {following_state for following_state in following if following_state} <= set(states), name
        if "ItemProcessor" in state:
            _check(state["ItemProcessor"])
