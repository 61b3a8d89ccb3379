"""Expressions mean the same in JSONata's reference implementation and in the one of the local cloud."""

import json

import pytest
from ministack.services import stepfunctions

from localcloud import jsonata_text
from tests.judges.every_machine import every_machine
from tests.judges.expressions import Expression, expressions


@pytest.fixture(scope="module", autouse=True)
def as_in_the_local_cloud():
    """Set the Python port up as the local cloud does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsonata_text.Functions, "_string", jsonata_text.Functions._string)
        jsonata_text.install()
        yield


@pytest.fixture(scope="module")
def found() -> list[Expression]:
    return list(dict.fromkeys(each for machine in every_machine().values() for each in expressions(machine)))


@pytest.fixture(scope="module")
def reference(node, found) -> dict[Expression, list[list]]:
    """What the reference implementation makes of each expression, in each scope."""
    done = node("reference.mjs", said=[[each.text, each.scopes()] for each in found])
    assert done.returncode == 0, done.stderr
    results = iter(json.loads(done.stdout))
    return {each: [next(results) for _ in each.scopes()] for each in found}


def local(expression: Expression, scope: dict) -> list:
    """What the local cloud makes of an expression."""
    states = scope["states"]
    context = {**states.get("context", {}), "variables": {n: value for n, value in scope.items() if n != "states"}}
    try:
        value = stepfunctions._evaluate_jsonata(
            expression.text, states.get("input"), context, states.get("result"), states.get("errorOutput")
        )
    except stepfunctions._ExecutionError as error:
        return ["undefined"] if "did not return a result" in error.cause else ["error", error.cause]
    return ["value", json.loads(json.dumps(value))]


def test_the_local_cloud_agrees_with_the_reference_implementation(found, reference):
    differences = [
        (expression.text, scope, expected, got)
        for expression in found
        for scope, expected in zip(expression.scopes(), reference[expression], strict=True)
        if not alike(expected, got := local(expression, scope))
    ]
    assert differences == []


def alike(expected: list, got: list) -> bool:
    """Whether both gave the same value, or none, or failed, each with a message of its own."""
    return expected[0] == got[0] and (expected[0] == "error" or told_apart(expected) == told_apart(got))


def told_apart(value):
    """A value in which True is not 1; JSON's 1 and 1.0 are one number."""
    if isinstance(value, dict):
        return {name: told_apart(item) for name, item in value.items()}
    if isinstance(value, list):
        return [told_apart(item) for item in value]
    return (value,) if isinstance(value, bool) else value


def test_every_expression_has_a_value_for_one_of_the_samples(reference):
    without = [each for each, results in reference.items() if "value" not in {result[0] for result in results}]
    assert without == [], "add samples to tests/judges/samples.py"


def test_conditions_are_true_for_some_samples_and_false_for_others_and_never_anything_else(reference):
    for expression, results in reference.items():
        if expression.field == "Condition":
            values = [result[1] for result in results if result[0] == "value"]
            assert {type(value) for value in values} == {bool}, expression


def test_pauses_are_whole_seconds(reference):
    pauses = [each for each in reference if each.text.strip().startswith("$min([")]
    assert len(pauses) == 2
    for expression in pauses:
        assert all(isinstance(value, int) and value > 0 for _, value in reference[expression]), expression


def test_numbers_and_characters_become_the_same_text(node):
    numbers = [0, -0.0, 1.0, 0.1 + 0.2, 1e-6, 9.9e-7, 1e-7, 1.25e-10, 123456789.123456789, 1e20, 1e21, 1.5e300, -1e-5]
    values = [*numbers, 'é\u2028\U0001f6b2\x00\x7f"\\', None, True, [], {}]
    scopes = [{"states": {"input": {"value": value, "list": [value]}}} for value in values]
    expression = Expression("$string($states.input)", "Input", "")
    done = node("reference.mjs", said=[[expression.text, scopes]])
    assert json.loads(done.stdout) == [local(expression, scope) for scope in scopes]
