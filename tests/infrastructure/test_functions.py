"""Every function is bounded, logged, traced and told what it needs; nothing is deployed that nobody asked for."""

import json
import zipfile
from pathlib import Path

import pytest

from signpost.settings.lambda_config import VARIABLE
from stacks.stage import aws_stage, local_stage
from tests.infrastructure.synthesis import Synthesis, Template


def test_every_function_has_its_own_bounds_log_and_role(any_synthesis: Synthesis) -> None:
    functions = any_synthesis.resources("AWS::Lambda::Function")
    logs = any_synthesis.resources("AWS::Logs::LogGroup")
    assert functions
    for name, function in functions.items():
        properties = function["Properties"]
        evaluates = "Evaluate" in name or "SmokeTest" in name  # two models, and hundreds of megabytes of pictures
        # For the end of an update or for a new role, or reads all captured records or a manifest.
        slow = ("KnownPictures", "CollectCorrections", "SetLogRole", "ReadBatch")
        waits = evaluates or any(part in name for part in slow)
        assert 1 <= properties["Timeout"] <= (900 if waits else 60), name
        assert 128 <= properties["MemorySize"] <= (2048 if evaluates else 1024), name
        assert properties["TracingConfig"] == {"Mode": "Active"}, name
        log = logs[properties["LoggingConfig"]["LogGroup"]["Ref"]]["Properties"]
        assert log["LogGroupName"] == f"/aws/lambda/{properties['FunctionName']}"
        assert "ReservedConcurrentExecutions" not in properties, name
    roles = [function["Properties"]["Role"]["Fn::GetAtt"][0] for function in functions.values()]
    assert len(set(roles)) == len(roles)


def test_every_log_is_kept_a_month(any_synthesis: Synthesis) -> None:
    for name, log in any_synthesis.resources("AWS::Logs::LogGroup").items():
        assert log["Properties"]["RetentionInDays"] == 30, name


def test_functions_run_on_the_stages_python_and_processor(on_aws: Synthesis, on_laptop: Synthesis) -> None:
    for synthesis, stage in ((on_aws, aws_stage()), (on_laptop, local_stage())):
        for function in synthesis.resources("AWS::Lambda::Function").values():
            assert function["Properties"]["Runtime"] == f"python{stage.python_version}"
            assert function["Properties"]["Architectures"] == [stage.architecture]


def test_a_function_without_a_configuration_is_told_its_name_and_namespace(on_aws: Synthesis) -> None:
    (function,) = (
        f["Properties"]
        for f in on_aws.resources("AWS::Lambda::Function").values()
        if f["Properties"]["Handler"] == "lambdas.filter.handler.handler"
    )
    variables = function["Environment"]["Variables"]
    assert VARIABLE not in variables
    assert variables["POWERTOOLS_SERVICE_NAME"] == "filter"
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == "Signpost"


def test_names_that_aws_makes_up_reach_the_function(on_aws: Synthesis) -> None:
    (function,) = (
        f["Properties"]
        for f in on_aws.resources("AWS::Lambda::Function").values()
        if f["Properties"]["Handler"] == "lambdas.serialize.handler.handler"
    )
    parts = function["Environment"]["Variables"][VARIABLE]["Fn::Join"][1]
    json.loads("".join(part if isinstance(part, str) else "a-bucket" for part in parts))
    imported = [part["Fn::ImportValue"] for part in parts if isinstance(part, dict)]
    assert any("Incoming" in name for name in imported)
    assert any("Decisions" in name for name in imported)


def test_there_are_no_helper_functions_and_one_custom_resource(any_synthesis: Synthesis) -> None:
    # The account's role for logs, which AWS::ApiGateway::Account would overwrite.
    custom = [
        name
        for template in any_synthesis.templates.values()
        for name, resource in template["Resources"].items()
        if resource["Type"].startswith(("Custom::", "AWS::CloudFormation::"))
    ]
    assert [name[:-8] for name in custom] == ["GatewayAccountLogRole"]
    assert not any_synthesis.resources("AWS::ApiGateway::Account")
    for function in any_synthesis.resources("AWS::Lambda::Function").values():
        assert function["Properties"]["Handler"].startswith("lambdas.")


@pytest.mark.parametrize(("hosting", "bundled"), [("lambda", True), ("realtime", False)])
def test_the_model_travels_with_the_function_only_where_it_runs_there(
    every_hosting: Synthesis, hosting: str, bundled: bool
) -> None:
    (function,) = (
        f["Properties"]
        for f in every_hosting.resources("AWS::Lambda::Function").values()
        if f["Properties"]["FunctionName"].endswith(f"classify-{hosting}")
    )
    names = set(zipfile.ZipFile(_asset(every_hosting, function)).namelist())
    assert ("model/model.tflite" in names) is bundled
    assert ("ai_edge_litert/interpreter.py" in names) is bundled
    assert "lambdas/classify/handler.py" in names


def test_known_pictures_travel_with_the_function_that_asks_them(on_aws: Synthesis) -> None:
    (function,) = (
        f["Properties"]
        for f in on_aws.resources("AWS::Lambda::Function").values()
        if f["Properties"]["FunctionName"] == "signpost-canary-vehicle"
    )
    names = set(zipfile.ZipFile(_asset(on_aws, function)).namelist())
    assert {"known/bicycle/1.png", "known/motorcycle/1.png", "lambdas/known_pictures/watch.py"} <= names


def _asset(synthesis: Synthesis, function: Template) -> Path:
    key = function["Code"]["S3Key"]
    return synthesis.files[0].parent / f"asset.{key}"
