"""Each trained classifier gets a registry, roles and a machine; the others get nothing."""

import json
import re
from pathlib import Path

from stacks.stage import aws_stage
from tests.infrastructure.iam import readable, statements_of_roles
from tests.infrastructure.synthesis import Synthesis, committed_settings, synthesise


def test_each_trained_classifier_has_a_machine_and_a_registry_of_its_own(every_hosting: Synthesis) -> None:
    names = {"async", "components", "lambda", "realtime", "serverless"}
    machines = every_hosting.training["Resources"].values()
    found = {m["Properties"]["StateMachineName"] for m in machines if m["Type"] == "AWS::StepFunctions::StateMachine"}
    assert found == {f"signpost-train-{name}" for name in names}
    groups = every_hosting.resources("AWS::SageMaker::ModelPackageGroup").values()
    assert {g["Properties"]["ModelPackageGroupName"] for g in groups} == {f"signpost-{name}" for name in names}


def test_a_classifier_without_the_table_is_not_trained(tmp_path: Path) -> None:
    settings = committed_settings(tmp_path)
    untrained = {name: c.model_copy(update={"training": None}) for name, c in settings.classifiers.items()}
    found = synthesise(settings.model_copy(update={"classifiers": untrained}), aws_stage(), tmp_path / "out")
    assert set(found.training.get("Resources", {})) <= {"CDKMetadata"}


def test_every_value_that_a_machine_names_is_filled_in(any_synthesis: Synthesis) -> None:
    for machine in any_synthesis.resources("AWS::StepFunctions::StateMachine").values():
        properties = machine["Properties"]
        named = set(re.findall(r"\$\{(\w+)\}", json.dumps(properties["Definition"])))
        assert named <= set(properties["DefinitionSubstitutions"]), properties["StateMachineName"]


def test_nothing_of_another_stack_is_imported_but_buckets(any_synthesis: Synthesis) -> None:
    # An export that is in use can't be changed: a classifier could not change its hosting.
    imported = set(re.findall(r'"Fn::ImportValue": "([a-z-]+):', json.dumps(any_synthesis.training)))
    assert imported <= {"storage", "signpost-storage"}


def test_roles_are_passed_to_the_service_that_they_are_for(any_synthesis: Synthesis) -> None:
    passed = [
        (role, statement)
        for role, statements in statements_of_roles(any_synthesis).items()
        for statement in statements
        if "iam:PassRole" in statement["Action"]
    ]
    assert passed
    for role, statement in passed:
        # API Gateway's account-wide role for logs is set by a function.
        service = "apigateway" if "LogRole" in role else "sagemaker"
        assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": f"{service}.amazonaws.com"}}, role
        own = r"<Train\w+Role\.Arn>" if service == "sagemaker" else r"<Gateway\w+\.Arn>"
        assert all(re.fullmatch(own, resource) for resource in statement["Resource"]), role


def test_a_machine_updates_its_own_endpoint_and_only_where_there_is_one(every_hosting: Synthesis) -> None:
    roles = statements_of_roles(every_hosting)
    updated = {
        role: [r.rpartition(":")[2] for r in s["Resource"]]
        for role, statements in roles.items()
        for s in statements
        if "sagemaker:UpdateEndpoint" in s["Action"]
    }
    endpoints = {
        "async": "signpost-async-async-m5-large",
        "realtime": "signpost-realtime-realtime-m5-large",
        "serverless": "signpost-serverless-serverless-2048-mb",
    }
    assert updated == {
        f"Train{name.title()}MachineRole": [f"endpoint-config/signpost-{name}-*", f"endpoint/{endpoint}"]
        for name, endpoint in endpoints.items()
    }
    assert not any(role.startswith(("TrainLambdaRole", "TrainComponentsRole")) for role in roles)


def test_a_trained_model_serves_under_a_role_that_reads_and_captures(every_hosting: Synthesis) -> None:
    statements = statements_of_roles(every_hosting)["TrainRealtimeRole"]
    by_action = {s["Action"][0]: s["Resource"] for s in statements}
    assert by_action["s3:GetObject"] == ["<storage:Models.Arn>/jobs/realtime/*"]
    assert by_action["s3:PutObject"] == ["<storage:Captured.Arn>/capture/signpost-realtime-realtime-m5-large/*"]


def test_the_alarms_that_undo_an_update_are_those_of_the_endpoint(on_aws: Synthesis) -> None:
    alarms = {
        a["Properties"]["AlarmName"]
        for a in on_aws.routing["Resources"].values()
        if "Alarm" in a["Type"] and "AlarmName" in a["Properties"]
    }
    (machine,) = (
        m["Properties"]
        for m in on_aws.training["Resources"].values()
        if m["Type"] == "AWS::StepFunctions::StateMachine" and "Endpoint" in m["Properties"]["DefinitionSubstitutions"]
    )
    endpoint = readable(machine["DefinitionSubstitutions"])["Endpoint"]
    rollback = machine["Definition"]["States"]["Update the endpoint"]["Arguments"]["DeploymentConfig"][
        "AutoRollbackConfiguration"
    ]
    named = {alarm["AlarmName"].replace("${Endpoint}", endpoint) for alarm in rollback["Alarms"]}
    assert named == {f"{endpoint}-{alarm}" for alarm in ("server-errors", "slow-answers", "known-pictures")}
    assert named <= alarms
