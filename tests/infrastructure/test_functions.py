"""Every function is bounded, logged, traced and told what it needs; nothing is deployed that nobody asked for."""

import json
import zipfile
from pathlib import Path

import aws_cdk as cdk
import pytest

from signpost.errors import DeploymentError
from signpost.settings.lambda_config import (
    FILE,
    VARIABLE,
    ApiConfiguration,
    UploadsConfiguration,
    read_configuration,
)
from stacks.constructs.function_configuration import check_size, split
from stacks.stage import aws_stage, local_stage
from tests.infrastructure.iam import readable, statements_of_roles
from tests.infrastructure.synthesis import MANY_LABELS, Synthesis, Template


def test_every_function_has_its_own_bounds_log_and_role(any_synthesis: Synthesis) -> None:
    functions = any_synthesis.resources("AWS::Lambda::Function")
    logs = any_synthesis.resources("AWS::Logs::LogGroup")
    assert functions
    for name, function in functions.items():
        properties = function["Properties"]
        evaluates = "Evaluate" in name or "SmokeTest" in name  # two models, and hundreds of megabytes of pictures
        # For the end of an update or of an execution or for a new role, or reads all captured records or a manifest.
        slow = ("KnownPictures", "CollectCorrections", "SetLogRole", "ReadBatch", "Uploads")
        waits = evaluates or any(part in name for part in slow)
        assert 1 <= properties["Timeout"] <= (900 if waits else 60), name
        assert 128 <= properties["MemorySize"] <= (2048 if evaluates else 1769), name
        assert properties["TracingConfig"] == {"Mode": "Active"}, name
        log = logs[properties["LoggingConfig"]["LogGroup"]["Ref"]]["Properties"]
        assert log["LogGroupName"] == f"/aws/lambda/{properties['FunctionName']}"
    roles = [function["Properties"]["Role"]["Fn::GetAtt"][0] for function in functions.values()]
    assert len(set(roles)) == len(roles)


def test_every_log_is_kept_a_month(any_synthesis: Synthesis) -> None:
    for name, log in any_synthesis.resources("AWS::Logs::LogGroup").items():
        assert log["Properties"]["RetentionInDays"] == 30, name


def test_what_api_gateway_logs_by_itself_has_an_end(any_synthesis: Synthesis) -> None:
    stages = any_synthesis.resources("AWS::ApiGateway::Stage").values()
    assert stages
    for template in any_synthesis.templates.values():
        for stage in template["Resources"].values():
            if stage["Type"] == "AWS::ApiGateway::Stage":
                (log,) = (
                    name
                    for name, resource in template["Resources"].items()
                    if resource["Type"] == "AWS::Logs::LogGroup"
                    and readable(resource["Properties"]["LogGroupName"]).startswith("API-Gateway-Execution-Logs_<")
                )
                # THEN it exists before API Gateway makes one that has no end
                assert log in stage["DependsOn"]


def test_functions_run_on_the_stages_python_and_processor(on_aws: Synthesis, on_laptop: Synthesis) -> None:
    for synthesis, stage in ((on_aws, aws_stage()), (on_laptop, local_stage())):
        for function in synthesis.resources("AWS::Lambda::Function").values():
            assert function["Properties"]["Runtime"] == f"python{stage.python_version}"
            # LiteRT's wheels for arm64 need a newer libstdc++ than Lambda has.
            predicts = "ai_edge_litert/interpreter.py" in _names(synthesis, function["Properties"])
            processor = stage.predictor_processor if predicts else stage.processor
            assert function["Properties"]["Architectures"] == [processor.architecture]


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


def test_only_what_cloudformation_knows_is_in_the_environment_and_the_bundle_has_the_rest(
    every_hosting: Synthesis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    function = _named(every_hosting, "signpost-api")
    parts = function["Environment"]["Variables"][VARIABLE]["Fn::Join"][1]
    filled_in = "".join(part if isinstance(part, str) else f"<{readable(part)}>" for part in parts)
    assert set(json.loads(filled_in)) == {
        "incoming_bucket",
        "scratch_bucket",
        "table",
        "routing_machine",
        "clients",
    }
    # Lambda allows 4 KB for all variables; the labels alone have more.
    assert sum(map(len, MANY_LABELS)) > 4096
    zipfile.ZipFile(_asset(every_hosting, function)).extract(FILE, tmp_path)
    monkeypatch.setenv(VARIABLE, filled_in)
    configuration = read_configuration(ApiConfiguration, tmp_path)
    (many,) = (found for found in configuration.classifiers if found.name == "lambda")
    assert sorted(label for labels in many.routes.values() for label in labels) == MANY_LABELS
    assert "Incoming" in configuration.incoming_bucket


def test_an_environment_that_lambda_would_refuse_is_refused_before() -> None:
    stack = cdk.Stack(cdk.App(), "stack")
    names = [cdk.Aws.STACK_NAME + "x" * 100 for _ in range(50)]
    configuration = UploadsConfiguration(routing_machine=",".join(names))
    _, variables = split(stack, configuration)
    with pytest.raises(
        DeploymentError, match=r"the function big would have up to \d+ bytes; Lambda allows 4096.*'rout"
    ):
        check_size("big", variables, configuration)


def test_a_definition_with_very_many_labels_fits_into_a_state_machine(every_hosting: Synthesis) -> None:
    machines = every_hosting.resources("AWS::StepFunctions::StateMachine").values()
    sizes = [len(json.dumps(machine["Properties"]["Definition"])) for machine in machines]
    # Step Functions and CloudFormation allow 1 MB each.
    assert max(sizes) < 500_000
    assert max(len(json.dumps(template)) for template in every_hosting.templates.values()) < 1_000_000


def test_sizes_and_concurrency_are_those_of_the_settings(every_hosting: Synthesis, on_aws: Synthesis) -> None:
    for name in ("signpost-serialize", "signpost-api"):
        function = _named(every_hosting, name)
        assert (function["MemorySize"], function["ReservedConcurrentExecutions"]) == (1769, 50)
    aliases = every_hosting.resources("AWS::Lambda::Alias")
    assert len(aliases) == 2
    for alias in aliases.values():
        provisioned = alias["Properties"]["ProvisionedConcurrencyConfig"]
        assert provisioned == {"ProvisionedConcurrentExecutions": 5}
    targets = every_hosting.resources("AWS::ApplicationAutoScaling::ScalableTarget").values()
    scaled = [t["Properties"] for t in targets if t["Properties"]["ServiceNamespace"] == "lambda"]
    assert [(t["MinCapacity"], t["MaxCapacity"]) for t in scaled] == [(5, 20)] * 2
    # THEN the machine invokes the alias, and may
    (machine,) = (
        m["Properties"]
        for m in every_hosting.resources("AWS::StepFunctions::StateMachine").values()
        if m["Properties"]["StateMachineName"] == "signpost-routing"
    )
    invoked = readable(machine["DefinitionSubstitutions"]["Serialize"])
    assert invoked.strip("<>") in {f"{readable({'Ref': name}).strip('<>')}" for name in aliases}
    allowed = [
        s for s in statements_of_roles(every_hosting)["RoutingMachineRole"] if "lambda:InvokeFunction" in s["Action"]
    ]
    assert invoked in allowed[0]["Resource"]
    # AND without settings nothing is reserved: a new account has ten executions in all
    assert not on_aws.resources("AWS::Lambda::Alias")
    for function in on_aws.resources("AWS::Lambda::Function").values():
        assert "ReservedConcurrentExecutions" not in function["Properties"]


def test_uploads_wait_in_a_queue_where_the_settings_bound_them(every_hosting: Synthesis, on_aws: Synthesis) -> None:
    ((_, mapping),) = every_hosting.resources("AWS::Lambda::EventSourceMapping").items()
    assert mapping["Properties"]["ScalingConfig"] == {"MaximumConcurrency": 5}
    assert mapping["Properties"]["BatchSize"] == 1
    (queue,) = (
        q["Properties"]
        for q in every_hosting.resources("AWS::SQS::Queue").values()
        if q["Properties"]["QueueName"] == "signpost-uploads"
    )
    assert "Faults" in str(queue["RedrivePolicy"]["deadLetterTargetArn"])
    function = _named(every_hosting, "signpost-uploads")
    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]  # as AWS recommends for a mapping
    targets = [
        target["Arn"]["Fn::GetAtt"][0]
        for rule in every_hosting.resources("AWS::Events::Rule").values()
        for target in rule["Properties"]["Targets"]
        if "aws.s3" in rule["Properties"]["EventPattern"]["source"]
    ]
    assert mapping["Properties"]["EventSourceArn"]["Fn::GetAtt"][0] in targets
    assert not on_aws.resources("AWS::Lambda::EventSourceMapping")


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
    names = set(_names(every_hosting, function))
    assert ("model/model.tflite" in names) is bundled
    assert ("ai_edge_litert/interpreter.py" in names) is bundled
    assert "lambdas/classify/handler.py" in names


def test_known_pictures_travel_with_the_function_that_asks_them(on_aws: Synthesis) -> None:
    (function,) = (
        f["Properties"]
        for f in on_aws.resources("AWS::Lambda::Function").values()
        if f["Properties"]["FunctionName"] == "signpost-canary-vehicle"
    )
    names = set(_names(on_aws, function))
    assert {"known/bicycle/1.png", "known/motorcycle/1.png", "lambdas/known_pictures/watch.py"} <= names


def _named(synthesis: Synthesis, name: str) -> Template:
    functions = synthesis.resources("AWS::Lambda::Function").values()
    (function,) = (f["Properties"] for f in functions if f["Properties"]["FunctionName"] == name)
    return function


def _names(synthesis: Synthesis, function: Template) -> list[str]:
    with zipfile.ZipFile(_asset(synthesis, function)) as bundled:
        return bundled.namelist()


def _asset(synthesis: Synthesis, function: Template) -> Path:
    key = function["Code"]["S3Key"]
    return synthesis.files[0].parent / f"asset.{key}"
