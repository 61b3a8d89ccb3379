import json
import re
from typing import Any

import jsonata
import pytest

from signpost.settings.file import Hosting, load_settings
from signpost.settings.training import TrainingSettings
from stepfunctions import batch, claims, registry, routing, training, waiting
from stepfunctions.__main__ import FOLDER, machines, render
from stepfunctions.states import longest_seconds
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def settings():
    return load_settings(ROOT / "signpost.toml")


def test_the_committed_machines_are_current(settings):
    current = {name: render(machine) for name, machine in machines(settings).items()}
    committed = {file.name: file.read_text() for file in FOLDER.glob("*.asl.json")}
    assert committed == current, "run `make machines` and commit the result"


def test_a_picture_from_the_api_needs_two_functions_and_twelve_states(settings):
    states, name, way = routing.build(settings)["States"], "Prepared already?", []
    wanted = {"Which classifier?": "Classify: vehicle", "Where to?": "vehicle: bicycle → nearby-orders"}
    while name:
        state = states[name]
        way.append(name)
        rules = [rule["Next"] for rule in state.get("Choices", [])]
        name = wanted.get(name, rules[0]) if rules else state.get("Next")
    functions = [name for name in way if states[name].get("Resource", "").endswith("lambda:invoke")]
    assert functions == ["Classify: vehicle", "Filter"]
    assert len(way) == 12


def test_only_what_the_api_has_prepared_needs_no_serialize(settings):
    rule = routing.build(settings)["States"]["Prepared already?"]["Choices"][0]
    parts = {"decision_id": "d", "classifier": "vehicle", "image": {"bucket": "b", "key": "k"}, "timings_ms": {}}
    parts |= {"prepared": {"inline": "a"}, "decision": None}
    assert evaluate(rule["Condition"], input={"serialized": parts}) is True
    assert evaluate(rule["Output"], input={"serialized": parts}) == parts
    assert evaluate(rule["Assign"]["reference"], input={"serialized": parts})["s3_key"] == "k"
    event = {"s3_bucket": "b", "s3_key": "k"}
    incomplete = [{name: parts[name] for name in parts if name != missing} for missing in set(parts) - {"timings_ms"}]
    others = [{**event, "serialized": other} for other in [*incomplete, {}, "yes", 7, None, []]]
    for other in [event, {**event, "decision_id": "mine"}, {**event, **parts}, [], "k", *others]:
        assert evaluate(rule["Condition"], input=other) is False, other


def test_a_folder_is_ignored_whichever_event_names_it(settings):
    states = routing.build(settings)["States"]
    rule = states["Prepared already?"]["Choices"][1]
    assert states[rule["Next"]] == {"Type": "Pass", "Output": states["Folder"]["Output"], "End": True}

    def is_folder(event):
        return evaluate(rule["Condition"], input=event)

    def landed(key):
        return {"source": "aws.s3", "detail": {"object": {"key": key}}}

    def notified(*keys):
        return {"Records": [{"s3": {"object": {"key": key}}} for key in keys]}

    folder, image = "incoming/vehicle/", "incoming/vehicle/a"
    for form in ({"s3_bucket": "b", "s3_key": folder}, landed(folder), notified(folder)):
        assert is_folder(form) is True
    for form in ({"s3_bucket": "b", "s3_key": image}, landed(image), notified(image), notified(folder, image)):
        assert is_folder(form) is False
    for other in [{}, [], None, "folder/", 7, {"s3_key": 7}, {"s3_key": ["a/"]}, {"Records": 1}, {"detail": "/"}]:
        assert isinstance(is_folder(other), bool), other


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
    assert reachable == {*branches, "review", "rejected", "Out of time"}


def test_every_task_ends_in_the_fault_queue_when_all_else_fails(settings):
    states = routing.build(settings)["States"]
    for name, state in states.items():
        if state["Type"] == "Task":
            last = state["Catch"][-1]
            assert last["ErrorEquals"] == ["States.ALL"], name
            assert last["Next"] in {"Release the claim", "Park the reference", "Fault, not parked"}, name


# The ways from a point that is passed by some second of the execution to its end.
WAYS = {
    "from the start": (0, ["Serialize", "Claim"]),
    "to classify": (routing.CLASSIFY_BY, ["Classify: vehicle", "Filter", "Keep the decision"]),
    "to leave it to the waiting machine": (routing.CLASSIFY_BY, ["Classify: vehicle", "Ask later"]),
    "to dispatch": (
        routing.DISPATCH_BY,
        ["vehicle: bicycle → nearby-orders", "Mark queued", "Announce", "Mark dispatched"],
    ),
    "to take over": (claims.TAKE_OVER_BY, ["Take over", "Announce", "Mark dispatched"]),
    "to wait once more": (claims.WAIT_BY + claims.WAIT_SECONDS, ["Claim", "Recall"]),
}


@pytest.mark.parametrize("hosting", [hosting for hosting in Hosting if hosting is not Hosting.OFF])
@pytest.mark.parametrize("way", WAYS)
def test_the_slowest_way_to_the_fault_queue_fits_into_the_machines_time(settings, hosting, way):
    # An Express execution that times out runs no Catch: it could not park the picture's reference.
    machine = routing.build(with_hosting(settings, hosting))
    begun, names = WAYS[way]
    names = [name for name in names if name in machine["States"]] + ["Release the claim", "Park the reference"]
    assert begun + sum(longest_seconds(machine["States"][name]) for name in names) < machine["TimeoutSeconds"] <= 300


def test_every_task_is_on_one_of_the_ways(settings):
    states = routing.build(settings)["States"]
    known = {name for _, names in WAYS.values() for name in names} | {"Release the claim", "Park the reference"}
    alike = {rule["Next"] for state in ("Which classifier?", "Where to?") for rule in states[state]["Choices"]}
    assert {name for name, state in states.items() if state["Type"] == "Task"} - alike <= known


@pytest.mark.parametrize(
    ("state", "by", "variables"),
    [
        ("Which classifier?", routing.CLASSIFY_BY, {"classifier": "vehicle", "decision": None}),
        ("Where to?", routing.DISPATCH_BY, {"decision": {"outcome": "review"}}),
    ],
)
def test_an_image_that_waited_too_long_goes_to_the_fault_queue_in_time(settings, state, by, variables):
    states = routing.build(settings)["States"]

    def following(second):
        context = {"Execution": {"StartTime": "2026-11-21T14:00:00.250Z"}}
        context["State"] = {"EnteredTime": f"2026-11-21T14:{second // 60:02}:{second % 60:02}.250Z"}
        rules = states[state]["Choices"]
        return next(rule["Next"] for rule in rules if evaluate(rule["Condition"], variables, context=context))

    assert following(by) != "Out of time"
    assert following(by + 1) == "Out of time"
    assert states["Out of time"]["Next"] == "Release the claim"


def test_throttled_calls_are_repeated_more_often_and_with_longer_pauses(settings):
    for name, machine in machines(settings).items():
        for state, body in states_of(machine):
            if body["Type"] != "Task" or state in {"Release the claim", "Train"} or "describeEndpoint" in str(body):
                continue
            throttled, others = [retrier for retrier in body["Retry"] if retrier["MaxAttempts"]][:2]
            assert 6 <= 1 + throttled["MaxAttempts"] <= 8, (name, state)
            assert throttled["MaxDelaySeconds"] > 1, (name, state)
            assert throttled["JitterStrategy"] == "FULL", (name, state)
            assert throttled["MaxAttempts"] > others["MaxAttempts"] or "Smoke" in state, (name, state)
            assert not set(throttled["ErrorEquals"]) & set(others["ErrorEquals"]), (name, state)


def states_of(machine):
    """Every state of a machine, those of its maps too."""
    for name, state in machine["States"].items():
        yield name, state
        if "ItemProcessor" in state:
            yield from states_of(state["ItemProcessor"])


def test_only_a_hosting_that_sleeps_leaves_pictures_to_the_waiting_machine(settings):
    assert "Ask later" not in routing.build(settings)["States"]
    states = routing.build(with_hosting(settings, Hosting.ASYNC))["States"]
    assert "${WaitingMachine}" in states["Ask later"]["Arguments"]["StateMachineArn"]
    _check({"StartAt": "Serialize", "States": states})
    _check(waiting.build())


@pytest.mark.parametrize(
    ("asked", "parked"),
    [
        ({"s3_bucket": "b", "s3_key": "k", "version_id": None, "waited": True}, {"s3_bucket": "b", "s3_key": "k"}),
        ({"s3_bucket": "b", "s3_key": "k", "detail": {"waited": 1}}, None),
        ({"waited": True}, {}),
        ({}, {}),
        (["b", "k"], None),
        ("k", None),
    ],
)
def test_a_parked_reference_does_not_say_that_it_was_waited_for(settings, asked, parked):
    # A redrive routes what is parked, and it is left to the waiting machine only if it was not yet.
    [caught] = routing.build(settings)["States"]["Serialize"]["Catch"]
    reference = evaluate(caught["Assign"]["reference"], context={"Execution": {"Input": asked}})
    kept = {name: value for name, value in reference.items() if value is not None} if parked else reference
    assert kept == (asked if parked is None else parked)


def test_one_execution_an_hour_waits_for_a_picture(settings):
    state = routing.build(with_hosting(settings, Hosting.ASYNC))["States"]["Ask later"]

    def name(time, decision_id="ea7a9049-05a4-5e88-bd82-69731cdede29"):
        context = {"State": {"EnteredTime": time}}
        return evaluate(state["Arguments"]["Name"], {"decision_id": decision_id}, context=context)

    assert name("2026-11-21T14:00:01Z") == name("2026-11-21T14:59:59.123Z") != name("2026-11-21T15:00:00Z")
    assert name("2026-11-21T14:00:01Z", "another") != name("2026-11-21T14:00:01Z")
    assert re.fullmatch(r"[0-9A-Za-z-]{1,80}", name("2026-11-21T14:00:01Z"))
    # What has ended waits no more: the name can't be had again, and the picture must not be lost.
    assert state["Catch"] == [{"ErrorEquals": ["States.ALL"], "Next": "Park the reference"}]


def evaluate(expression, variables=None, **states) -> Any:
    """What the local cloud makes of JSONata, with the engine that it has."""
    parsed = jsonata.Jsonata.jsonata(expression.removeprefix("{%").removesuffix("%}"))
    return parsed.evaluate(None, {"states": states, **(variables or {})})


def test_the_batch_waits_longer_than_the_routing_machine_works(settings):
    child = batch.build(settings)["States"]["Route the images"]["ItemProcessor"]["States"]
    assert routing.build(settings)["TimeoutSeconds"] < child["Route"]["TimeoutSeconds"] < 300


def test_a_function_is_given_up_before_its_task(settings):
    assert routing.build(settings)["States"]["Classify: vehicle"]["TimeoutSeconds"] > routing.CLASSIFY_SECONDS


def test_every_next_state_exists_and_names_are_within_the_limit(settings):
    for machine in machines(settings).values():
        _check(machine)
        assert len(json.dumps(machine)) < 1_000_000


def test_every_task_of_a_training_machine_ends_in_a_reason_when_all_else_fails(settings):
    # What was done is done, told or not; and how the endpoint is decides what an unanswered update was.
    told = {"Announce": "Shipped", "Announce the failure": "Failed"}
    update = {
        "Update the endpoint": "Wait for it",
        "Smoke-test": "Look before the way back",
        "Look before the way back": "Bring the former model back",
        "Bring the former model back": "Wait for the former model",
        "Look for the former model": "It is not back",
    }
    for name, state in training.build(settings, "vehicle")["States"].items():
        if state["Type"] == "Task":
            last = state["Catch"][-1]
            assert last["ErrorEquals"] == ["States.ALL"]
            assert last["Next"] == (told | update).get(name, last["Next"])
            assert name in told | update or last["Next"] in {"Say why", "Reject in the registry"}


def with_hosting(settings, hosting):
    vehicle = settings.classifiers["vehicle"].model_copy(update={"hosting": hosting})
    return settings.model_copy(update={"classifiers": {"vehicle": vehicle}})


def with_training(settings, **changes):
    vehicle = settings.classifiers["vehicle"]
    of_training = {key: changes.pop(key) for key in list(changes) if key in vehicle.training.__class__.model_fields}
    vehicle = vehicle.model_copy(update={"training": vehicle.training.model_copy(update=of_training), **changes})
    return settings.model_copy(update={"classifiers": {"vehicle": vehicle}})


def test_spot_capacity_comes_with_checkpoints(settings):
    spot = training.build(with_training(settings, spot=True), "vehicle")["States"]["Train"]["Arguments"]
    assert spot["EnableManagedSpotTraining"] is True
    assert "checkpoints/vehicle/' & $job" in spot["CheckpointConfig"]["S3Uri"]
    assert spot["StoppingCondition"] == {"MaxRuntimeInSeconds": 3600, "MaxWaitTimeInSeconds": 10_800}
    demand = training.build(with_training(settings, spot=False), "vehicle")["States"]["Train"]["Arguments"]
    assert not {"EnableManagedSpotTraining", "CheckpointConfig"} & set(demand)
    assert "MaxWaitTimeInSeconds" not in demand["StoppingCondition"]


def test_a_person_is_waited_for_as_long_as_an_execution_can_remember():
    # An execution may have 25,000 events; one look at the registry is 9.
    days = TrainingSettings.model_fields["approval_days"].metadata
    longest = max(bound.le for bound in days if hasattr(bound, "le"))
    assert longest * 86_400 / registry.LONGEST_PAUSE * 9 < 24_000


@pytest.mark.parametrize("approval", ["manual", "automatic"])
@pytest.mark.parametrize("hosting", Hosting)
def test_the_way_of_a_model_follows_its_hosting_and_who_approves(settings, hosting, approval):
    states = training.build(with_training(settings, hosting=hosting, approval=approval), "vehicle")["States"]
    _check({"StartAt": "Name the job", "States": states})
    ships = hosting.ships
    assert ("Update the endpoint" in states) is ships
    assert ("Approve" in states) is (approval == "automatic")
    assert ("Wait for a person" in states) is (ships and approval == "manual")
    if ships:
        update = states["Update the endpoint"]["Arguments"]
        assert ("DeploymentConfig" in update) is (hosting is not Hosting.SERVERLESS)
    else:
        assert "signpost model pull vehicle" in states["Registered"]["Output"]["said"]


def test_every_state_of_a_machine_can_be_reached(settings):
    for name, machine in machines(settings).items():
        states, waiting, seen = machine["States"], [machine["StartAt"]], set()
        while waiting:
            seen.add(current := waiting.pop())
            waiting += [following for following in _following(states[current]) if following not in seen]
        assert seen == set(states), name


def _following(state):
    following = [state.get("Next"), state.get("Default")]
    following += [rule["Next"] for rule in state.get("Choices", []) + state.get("Catch", [])]
    return [name for name in following if name]


def _check(machine):
    states = machine["States"]
    assert machine["StartAt"] in states
    for name, state in states.items():
        assert len(name) <= 80
        assert set(_following(state)) <= set(states), name
        if "ItemProcessor" in state:
            _check(state["ItemProcessor"])
