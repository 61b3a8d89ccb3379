"""Members that the state machines write and read are those of botocore's models, as the Java SDK writes them."""

import json
import re
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore.model import OperationModel
from botocore.validate import ParamValidator

from localcloud.service_integration import Integration
from localcloud.task_values import to_arguments, written_members
from tests.judges import samples
from tests.judges.every_machine import Machine, every_machine
from tests.judges.expressions import Expression
from tests.judges.test_jsonata import local

ARN = "arn:aws:states:::"
SUBSTITUTED = "arn:aws:iam::111122223333:role/name"
# Optimized integrations whose arguments are not those of one operation: what AWS documents for each.
MAP_READER = {"Bucket", "Key"}
MAP_WRITER = {"Bucket", "Prefix"}


def tasks(machine: Machine) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in machine["States"].items():
        if state["Type"] == "Task":
            yield name, state
        if "ItemProcessor" in state:
            yield from tasks(state["ItemProcessor"])


def operation_of(calls: str) -> tuple[Integration, OperationModel]:
    integration = Integration.of(ARN + calls.removesuffix(".sync"))
    assert integration is not None, calls
    model = botocore.session.get_session().get_service_model(integration.service)
    return integration, model.operation_model(integration.action[:1].upper() + integration.action[1:])


def values_of(arguments: Any, calls: str) -> list[Any]:
    """Arguments with their expressions evaluated, once for each set of samples that all of them have values for."""
    if isinstance(arguments, str) and arguments.startswith("{%"):
        expression = Expression(arguments.removeprefix("{%").removesuffix("%}"), "Arguments", calls)
        got = [local(expression, scope) for scope in expression.scopes()]
        return [each[1] for each in got if each[0] == "value"]
    if isinstance(arguments, dict):
        members = {name: values_of(item, calls) for name, item in arguments.items()}
        most = max(map(len, members.values()), default=1)
        return [{name: values[n % len(values)] for name, values in members.items()} for n in range(most)]
    if isinstance(arguments, list):
        return [list(items) for items in zip(*(values_of(item, calls) for item in arguments), strict=False)]
    if isinstance(arguments, str):  # with names that CloudFormation substitutes
        return [re.sub(r"\$\{\w+\}", SUBSTITUTED, arguments)]
    return [arguments]


def different_tasks() -> dict[str, tuple[str, Any]]:
    """Every task that differs in what it calls or with which arguments."""
    found = {}
    for machine in every_machine().values():
        for name, state in tasks(machine):
            calls = state["Resource"].removeprefix(ARN)
            found.setdefault(json.dumps([calls, state["Arguments"]]), (f"{name}: {calls}", state))
    return found


def test_every_argument_is_a_member_of_its_operation():
    for label, state in different_tasks().values():
        calls = state["Resource"].removeprefix(ARN)
        integration, operation = operation_of(calls)
        values = values_of(state["Arguments"], calls)
        assert values, label
        for value in values:
            given = to_arguments(value, operation.input_shape, java_names=not integration.optimized)
            report = ParamValidator().validate(given, operation.input_shape)
            assert not report.has_errors(), f"{label}: {report.generate_report()}"


@pytest.mark.parametrize("calls", samples.RESULTS)
def test_every_sample_of_a_result_has_the_members_of_its_operation(calls):
    # Expressions are evaluated with these samples: a member that AWS does not return would be read in vain.
    integration, operation = operation_of(calls.replace("createTrainingJob.sync", "describeTrainingJob"))
    for sample in samples.RESULTS[calls]:
        if calls != "lambda:invoke":  # its payload is JSON, not bytes
            to_arguments(sample, operation.output_shape, java_names=not integration.optimized)
        assert set(sample) <= set(written_members(operation.output_shape, java_names=not integration.optimized))


def test_a_map_reads_and_writes_with_the_members_that_aws_documents():
    maps = [
        state for machine in every_machine().values() for state in machine["States"].values() if state["Type"] == "Map"
    ]
    assert maps
    for state in maps:
        assert set(state["ItemReader"]["Arguments"]) == MAP_READER
        assert set(state["ResultWriter"]["Arguments"]) == MAP_WRITER
