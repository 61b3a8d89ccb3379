"""The gate of the training machine: its questions, asked of reports as Evaluate makes them."""

import copy

import jsonata
import pytest

from signpost.model.package import open_package
from signpost.settings.file import load_settings
from signpost.settings.training import GateSettings
from stepfunctions.gate import gate
from tests.conftest import ROOT

LIMITS = GateSettings()
GOOD = {
    "model": {"name": "vehicle", "version": "2"},
    "candidate": {"accuracy": 0.96, "ece": 0.02},
    "parity": {"changed_decisions": 0.001, "probability_shift": 0.02},
    "production": {"accuracy": 0.96, "version": "1", "n": 200},
}


def evaluate(text, **variables):
    expression = jsonata.Jsonata(text.removeprefix("{%").removesuffix("%}"))
    for name, value in variables.items():
        expression.assign(name, value)
    return expression.evaluate(None)


def walk(report, limits=LIMITS):
    """Go through the states; return where it ends and what is said."""
    states = gate(limits, passed="Register", refused="Say why")
    name, failures = next(iter(states)), ""
    while name in states:
        state = states[name]
        if state["Type"] == "Choice":
            (rule,) = state["Choices"]
            holds = evaluate(rule["Condition"], report=report, failures=failures)
            name = rule["Next"] if holds else state["Default"]
            continue
        if "fault" in state["Assign"]:
            return state["Next"], evaluate(state["Assign"]["fault"]["Cause"], report=report, failures=failures)
        failures = evaluate(state["Assign"]["failures"], report=report, failures=failures)
        name = state["Next"]
    return name, failures


def changed(**changes):
    report = copy.deepcopy(GOOD)
    for path, value in changes.items():
        part, _, key = path.partition("__")
        report[part] = {**report[part], key: value} if key else value
    return report


def test_a_model_as_good_as_the_one_in_production_passes():
    assert walk(GOOD) == ("Register", "")


@pytest.mark.parametrize("classifier", ["vehicle", "dog-breed"])
def test_the_committed_models_pass_the_gates_that_are_set(classifier):
    limits = load_settings(ROOT / "signpost.toml").trained[classifier].gate
    package = open_package(ROOT / "models" / classifier)
    metrics = package.manifest.metrics
    shipped = metrics["exports"][package.manifest.quantisation]
    parity = {
        "changed_decisions": shipped["decisions_changed"],
        "probability_shift": shipped["largest_probability_shift"],
    }
    report = changed(candidate=metrics["test"]["photographs"], parity=parity, production=None)
    assert walk(report, limits) == ("Register", "")


def test_the_first_model_has_nothing_to_be_compared_with():
    assert walk(changed(production=None)) == ("Register", "")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"candidate__accuracy": 0.5, "production": None}, "accuracy 0.5 is below min_accuracy = 0.9"),
        ({"candidate__ece": 0.051}, "calibration error 0.051 is above max_calibration_error = 0.05"),
        (
            {"parity__changed_decisions": 0.01},
            "share of decisions that the export changed 0.01 is above max_changed_decisions = 0.005",
        ),
        (
            {"parity__probability_shift": 0.2},
            "shift of a probability by the export 0.2 is above max_probability_shift = 0.1",
        ),
        (
            {"candidate__accuracy": 0.95},
            "accuracy 0.95 is below 0.96 of 1 in production, on the same 200 pictures, with max_accuracy_loss = 0.0",
        ),
    ],
)
def test_each_condition_is_named(changes, said):
    end, cause = walk(changed(**changes))
    assert end == "Say why"
    assert cause == f"The model vehicle 2 does not pass the gate: {said}. Production is untouched."


def test_every_failed_condition_is_named_at_once():
    _, cause = walk(changed(candidate={"accuracy": 0.5, "ece": 0.4}, parity__changed_decisions=1))
    assert cause.count(";") == 3


def test_a_small_loss_may_be_allowed():
    limits = GateSettings(max_accuracy_loss=0.01)
    assert walk(changed(candidate__accuracy=0.95), limits)[0] == "Register"
    assert walk(changed(candidate__accuracy=0.9499), limits)[0] == "Say why"
