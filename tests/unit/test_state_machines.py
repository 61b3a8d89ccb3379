import json

import pytest

from signpost.settings import load_settings
from stepfunctions import batch, routing
from stepfunctions.__main__ import FOLDER, MACHINES, render
from stepfunctions.states import longest_seconds
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
            assert last["Next"] in {"Release the claim", "Park the reference", "Fault, not parked"}, name


def test_all_that_a_picture_can_wait_for_fits_into_the_machines_time(settings):
    # An Express execution that times out runs no Catch: it could not park the picture's reference.
    machine = routing.build(settings)
    way = ["Serialize", "Claim", "Classify: vehicle", "Filter", "Keep the decision", "vehicle: bicycle → nearby-orders"]
    way += ["Mark queued", "Announce", "Mark dispatched", "Release the claim", "Park the reference"]
    assert sum(longest_seconds(machine["States"][name]) for name in way) < machine["TimeoutSeconds"] <= 300


def test_the_batch_waits_longer_than_the_routing_machine_works(settings):
    child = batch.build(settings)["States"]["Route the prefix"]["ItemProcessor"]["States"]
    assert routing.build(settings)["TimeoutSeconds"] < child["Route"]["TimeoutSeconds"] < 300


def test_a_function_is_given_up_before_its_task(settings):
    assert routing.build(settings)["States"]["Classify: vehicle"]["TimeoutSeconds"] > routing.CLASSIFY_SECONDS


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
