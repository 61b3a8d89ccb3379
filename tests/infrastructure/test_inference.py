"""Each classifier with an endpoint gets one that is captured, scaled and updated with care, as its hosting allows."""

import json
import re
import tarfile
from pathlib import Path

import aws_cdk as cdk
import pytest

from signpost.settings.file import Settings
from stacks.constructs.container_image import repository_of
from stacks.constructs.content_name import content_name
from stacks.stage import aws_stage
from tests.infrastructure.endpoints import configuration_of, endpoint_named, model_of, scaling_of
from tests.infrastructure.synthesis import Synthesis, synthesise
from tests.samples import sample_event


def test_a_change_replaces_model_and_configuration_and_updates_the_endpoint(any_synthesis: Synthesis) -> None:
    models = any_synthesis.resources("AWS::SageMaker::Model")
    configurations = any_synthesis.resources("AWS::SageMaker::EndpointConfig")
    assert models
    assert configurations
    names = [model["Properties"]["ModelName"] for model in models.values()]
    names += [configuration["Properties"]["EndpointConfigName"] for configuration in configurations.values()]
    assert len(set(names)) == len(names)
    for name in names:
        assert re.fullmatch(r"signpost-[a-z-]+-[0-9a-f]{12}", name)
    for endpoint in any_synthesis.resources("AWS::SageMaker::Endpoint").values():
        assert isinstance(endpoint["Properties"]["EndpointName"], str)


def test_a_name_depends_on_what_it_names() -> None:
    stack = cdk.Stack(cdk.App(), "stack")
    role = cdk.aws_iam.Role(stack, "Role", assumed_by=cdk.aws_iam.AccountRootPrincipal())
    names = [content_name(stack, "a-", role.role_arn, capture) for capture in (0, 0, 20)]
    assert names[0] == names[1] != names[2]


def test_model_data_ends_as_sagemaker_requires(any_synthesis: Synthesis) -> None:
    urls = [
        m["Properties"]["PrimaryContainer"]["ModelDataUrl"]
        for m in any_synthesis.resources("AWS::SageMaker::Model").values()
    ]
    components = any_synthesis.resources("AWS::SageMaker::InferenceComponent").values()
    urls += [component["Properties"]["Specification"]["Container"]["ArtifactUrl"] for component in components]
    uploaded = {
        destination["objectKey"]: any_synthesis.files[0].parent / asset["source"]["path"]
        for file in any_synthesis.files[0].parent.glob("*routing.assets.json")
        for asset in json.loads(file.read_text())["files"].values()
        for destination in asset["destinations"].values()
    }
    for url in urls:
        key = url["Fn::Sub"].rpartition("/")[2]
        assert re.fullmatch(r"signpost-[a-z.-]+-[0-9a-f]{64}\.tar\.gz", key)
        with tarfile.open(uploaded[key]) as archive:
            assert "manifest.json" in archive.getnames()


@pytest.mark.parametrize(
    ("synthesis", "endpoint", "percent", "sides"),
    [
        ("on_aws", "signpost-vehicle-realtime-m5-large", 100, ["Input", "Output"]),
        ("on_laptop", "signpost-vehicle-realtime-m5-large", 100, ["Input", "Output"]),
        ("every_hosting", "signpost-realtime-realtime-m5-large", 20, ["Output"]),
    ],
)
def test_data_capture_is_as_the_settings_say(
    synthesis: str, endpoint: str, percent: int, sides: list[str], request: pytest.FixtureRequest
) -> None:
    stacks: Synthesis = request.getfixturevalue(synthesis)
    capture = configuration_of(stacks, endpoint)["DataCaptureConfig"]
    assert capture.pop("DestinationS3Uri")["Fn::Join"][1][2] == "/capture"
    assert capture == {
        "EnableCapture": True,
        "InitialSamplingPercentage": percent,
        "CaptureOptions": [{"CaptureMode": side} for side in sides],
        "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
    }


def test_hosting_that_cannot_capture_does_not_ask_for_it(every_hosting: Synthesis) -> None:
    assert "DataCaptureConfig" not in configuration_of(every_hosting, "signpost-serverless-serverless-2048-mb")
    assert "DataCaptureConfig" not in configuration_of(every_hosting, "signpost-async-async-m5-large")


def test_the_lambda_hosting_has_no_endpoint(every_hosting: Synthesis) -> None:
    names = {e["Properties"]["EndpointName"] for e in every_hosting.resources("AWS::SageMaker::Endpoint").values()}
    assert names == {
        "signpost-realtime-realtime-m5-large",
        "signpost-serverless-serverless-2048-mb",
        "signpost-async-async-m5-large",
        "signpost-components-components-m5-large",
    }


@pytest.mark.parametrize(
    ("synthesis", "endpoint"),
    [
        ("on_aws", "signpost-vehicle-realtime-m5-large"),
        ("every_hosting", "signpost-realtime-realtime-m5-large"),
        ("every_hosting", "signpost-async-async-m5-large"),
    ],
)
def test_an_update_keeps_what_scaling_chose_but_not_the_old_capture(
    synthesis: str, endpoint: str, request: pytest.FixtureRequest
) -> None:
    properties = endpoint_named(request.getfixturevalue(synthesis), endpoint)
    assert properties["RetainAllVariantProperties"] is True
    assert properties["ExcludeRetainedVariantProperties"] == [{"VariantPropertyType": "DataCaptureConfig"}]


def test_an_update_tries_one_instance_first_where_there_are_several(every_hosting: Synthesis) -> None:
    policy = endpoint_named(every_hosting, "signpost-realtime-realtime-m5-large")["DeploymentConfig"][
        "BlueGreenUpdatePolicy"
    ]
    assert policy["TrafficRoutingConfiguration"] == {
        "Type": "CANARY",
        "CanarySize": {"Type": "INSTANCE_COUNT", "Value": 1},
        "WaitIntervalInSeconds": 300,
    }
    assert policy["TerminationWaitInSeconds"] == 300


def test_an_update_of_a_single_instance_keeps_the_old_one_until_the_new_one_has_proved_itself(
    on_aws: Synthesis,
) -> None:
    # SageMaker allows a canary of at most half of the instances.
    policy = endpoint_named(on_aws, "signpost-vehicle-realtime-m5-large")["DeploymentConfig"]["BlueGreenUpdatePolicy"]
    assert policy["TrafficRoutingConfiguration"] == {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}
    assert policy["TerminationWaitInSeconds"] == 300


@pytest.mark.parametrize("endpoint", ["signpost-realtime-realtime-m5-large", "signpost-async-async-m5-large"])
def test_errors_and_slow_answers_undo_an_update_and_silence_does_not(every_hosting: Synthesis, endpoint: str) -> None:
    rollback = endpoint_named(every_hosting, endpoint)["DeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"]
    alarms = [every_hosting.routing["Resources"][alarm["AlarmName"]["Ref"]]["Properties"] for alarm in rollback]
    watched = {alarm["MetricName"]: (alarm["ComparisonOperator"], alarm["Threshold"]) for alarm in alarms}
    assert watched == {
        "Invocation5XXErrors": ("GreaterThanOrEqualToThreshold", 1),
        "ModelLatency": ("GreaterThanOrEqualToThreshold", 1_000_000),
    }
    for alarm in alarms:
        assert alarm["TreatMissingData"] == "notBreaching"
        dimensions = {d["Name"]: d["Value"] for d in alarm["Dimensions"]}
        assert dimensions == {"EndpointName": endpoint, "VariantName": "AllTraffic"}


def test_known_pictures_beside_the_model_undo_an_update_that_answers_them_wrongly(on_aws: Synthesis) -> None:
    rollback = endpoint_named(on_aws, "signpost-vehicle-realtime-m5-large")["DeploymentConfig"][
        "AutoRollbackConfiguration"
    ]["Alarms"]
    alarms = [on_aws.routing["Resources"][alarm["AlarmName"]["Ref"]]["Properties"] for alarm in rollback]
    (alarm,) = (alarm for alarm in alarms if alarm["Namespace"] == "Signpost")
    assert (alarm["MetricName"], alarm["Threshold"]) == ("KnownPicturesWrong", 1)
    assert alarm["Dimensions"] == [{"Name": "EndpointName", "Value": "signpost-vehicle-realtime-m5-large"}]
    # The function that asks them is there when SageMaker's event says that the update begins.
    rules = {n: r for n, r in on_aws.routing["Resources"].items() if r["Type"] == "AWS::Events::Rule"}
    ((name, rule),) = ((n, r) for n, r in rules.items() if "aws.sagemaker" in r["Properties"]["EventPattern"]["source"])
    event = sample_event("endpoint-updating.json")
    pattern = rule["Properties"]["EventPattern"]
    assert pattern["source"] == [event["source"]]
    assert pattern["detail-type"] == [event["detail-type"]]
    for member, allowed in pattern["detail"].items():
        assert event["detail"][member] in allowed
    endpoints = on_aws.resources("AWS::SageMaker::Endpoint").values()
    assert all(name in endpoint["DependsOn"] for endpoint in endpoints)


def test_a_shadow_gets_a_share_of_copies_and_reads_its_own_package_too(
    package: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    routes = {"here": {"labels": ["bicycle"]}, "there": {"labels": ["motorcycle"]}}
    shadow, training = {"model": package, "percent": 20}, {"archives": ["pictures.tar.gz"]}
    vehicle = {"model": package, "routes": routes, "shadow": shadow, "training": training}
    settings = Settings.model_validate({"app": {"default_classifier": "vehicle"}, "classifiers": {"vehicle": vehicle}})
    stacks = synthesise(settings, aws_stage(), tmp_path_factory.mktemp("shadow"))
    configuration = configuration_of(stacks, "signpost-vehicle-realtime-m5-large")
    (variant,), (copied,) = configuration["ProductionVariants"], configuration["ShadowProductionVariants"]
    assert (copied["VariantName"], copied["InitialVariantWeight"] / variant["InitialVariantWeight"]) == ("Shadow", 0.2)
    assert copied["ModelName"] != variant["ModelName"]
    assert len(stacks.resources("AWS::SageMaker::Model")) == 2


@pytest.mark.parametrize(
    ("synthesis", "endpoint", "capacity", "target"),
    [
        ("on_aws", "signpost-vehicle-realtime-m5-large", (1, 4), 3000),
        ("every_hosting", "signpost-realtime-realtime-m5-large", (2, 5), 3000),
    ],
)
def test_instances_follow_the_requests(
    synthesis: str, endpoint: str, capacity: tuple[int, int], target: int, request: pytest.FixtureRequest
) -> None:
    stacks: Synthesis = request.getfixturevalue(synthesis)
    scalable, (policy,) = scaling_of(stacks, endpoint)
    assert (scalable["Properties"]["MinCapacity"], scalable["Properties"]["MaxCapacity"]) == capacity
    tracking = policy["TargetTrackingScalingPolicyConfiguration"]
    assert tracking["TargetValue"] == target
    assert tracking["PredefinedMetricSpecification"] == {
        "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
    }


def test_the_endpoint_is_there_before_its_scaling(every_hosting: Synthesis) -> None:
    targets = {
        name: target
        for name, target in every_hosting.resources("AWS::ApplicationAutoScaling::ScalableTarget").items()
        if target["Properties"]["ServiceNamespace"] == "sagemaker"
    }
    assert len(targets) == 3
    endpoints = {
        *every_hosting.resources("AWS::SageMaker::Endpoint"),
        *every_hosting.resources("AWS::SageMaker::InferenceComponent"),
    }
    for target in targets.values():
        assert set(target["DependsOn"]) & endpoints


def test_an_async_endpoint_keeps_answers_and_errors(every_hosting: Synthesis) -> None:
    output = configuration_of(every_hosting, "signpost-async-async-m5-large")["AsyncInferenceConfig"]["OutputConfig"]
    assert output["S3OutputPath"]["Fn::Join"][1][2] == "/async-output/signpost-async-async-m5-large"
    assert output["S3FailurePath"]["Fn::Join"][1][2] == "/async-errors/signpost-async-async-m5-large"


def test_a_serverless_endpoint_asks_for_nothing_that_needs_instances(every_hosting: Synthesis) -> None:
    (variant,) = configuration_of(every_hosting, "signpost-serverless-serverless-2048-mb")["ProductionVariants"]
    assert variant["ServerlessConfig"] == {"MemorySizeInMB": 2048, "MaxConcurrency": 10}
    assert not {"InstanceType", "InitialInstanceCount"} & set(variant)
    assert set(endpoint_named(every_hosting, "signpost-serverless-serverless-2048-mb")) == {
        "EndpointName",
        "EndpointConfigName",
    }


def test_models_have_no_network_where_their_hosting_can_do_without(every_hosting: Synthesis) -> None:
    isolated = {
        name: model_of(every_hosting, name)["EnableNetworkIsolation"]
        for name in (
            "signpost-realtime-realtime-m5-large",
            "signpost-async-async-m5-large",
            "signpost-serverless-serverless-2048-mb",
        )
    }
    assert list(isolated.values()) == [True, True, False]


def test_the_image_is_built_for_aws_and_only_named_on_a_laptop(on_aws: Synthesis, on_laptop: Synthesis) -> None:
    assert ".dkr.ecr." in model_of(on_aws, "signpost-vehicle-realtime-m5-large")["PrimaryContainer"]["Image"]["Fn::Sub"]
    assert (
        model_of(on_laptop, "signpost-vehicle-realtime-m5-large")["PrimaryContainer"]["Image"]
        == "signpost-serving:local"
    )


def test_the_image_holds_the_server_and_nothing_else(on_aws: Synthesis) -> None:
    (manifest,) = (file.with_name("routing.assets.json") for file in on_aws.files if "routing" in file.name)
    (image,) = json.loads(manifest.read_text())["dockerImages"].values()
    assert image["source"]["platform"] == "linux/amd64"
    staged = manifest.parent / image["source"]["directory"]
    assert {path.name for path in staged.iterdir()} - {".dockerignore"} == {"serving", "signpost", "requirements"}
    assert {path.name for path in (staged / "requirements").iterdir()} == {"serving.txt", "container.txt"}
    assert not (staged / "serving" / "benchmark").exists()
    assert (staged / image["source"]["dockerFile"]).is_file()
    assert not list(staged.rglob("*.pyc"))


@pytest.mark.parametrize(
    ("image", "repository"),
    [
        (
            "123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/server:3",
            "eu-central-1:123456789012:repository/team/server",
        ),
        ("123456789012.dkr.ecr.us-east-1.amazonaws.com/server@sha256:0a", "us-east-1:123456789012:repository/server"),
        ("signpost-serving:local", None),
    ],
)
def test_an_image_named_in_the_settings_may_be_pulled_from_its_repository(image: str, repository: str | None) -> None:
    arn = repository_of(image)
    assert arn.partition(":ecr:")[2] == repository if arn else repository is None
