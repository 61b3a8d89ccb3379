"""Endpoints that have no instance while no picture comes."""

from pathlib import Path

import pytest

from signpost.errors import SettingsError
from signpost.settings.file import Settings
from stacks.stage import aws_stage
from tests.infrastructure.endpoints import configuration_of, resource_of, scaling_of
from tests.infrastructure.iam import statements_of_roles
from tests.infrastructure.synthesis import Synthesis, synthesise


def test_an_async_endpoint_follows_its_queue_down_to_nothing(every_hosting: Synthesis) -> None:
    scalable, policies = scaling_of(every_hosting, "signpost-async-async-m5-large")
    assert scalable["Properties"]["MinCapacity"] == 0
    tracked = [p["TargetTrackingScalingPolicyConfiguration"] for p in policies if p["PolicyType"].startswith("Target")]
    (metric,) = (tracking["CustomizedMetricSpecification"] for tracking in tracked)
    assert metric["MetricName"] == "ApproximateBacklogSizePerInstance"
    assert metric["Dimensions"] == [{"Name": "EndpointName", "Value": "signpost-async-async-m5-large"}]
    # An instance that keeps up has no backlog, and must stay all the same.
    assert all(tracking["DisableScaleIn"] for tracking in tracked)
    # With no instance there is nothing to divide the queue by: the first picture wakes one up.
    waking = [a["Properties"] for a in every_hosting.resources("AWS::CloudWatch::Alarm").values()]
    assert [a["Threshold"] for a in waking if a.get("MetricName") == "HasBacklogWithoutCapacity"] == [1]


@pytest.mark.parametrize(
    ("resource", "watched"),
    [
        ("endpoint/signpost-async-async-m5-large/variant/AllTraffic", {"ModelLatency", "ApproximateBacklogSize"}),
        (
            "inference-component/signpost-components-components-m5-large",
            {"Invocations", "NoCapacityInvocationFailures"},
        ),
    ],
)
def test_instances_end_when_nothing_was_answered_and_nothing_waits(
    every_hosting: Synthesis, resource: str, watched: set[str]
) -> None:
    policies = every_hosting.resources("AWS::ApplicationAutoScaling::ScalingPolicy")
    [(name, policy)] = [
        (name, policy["Properties"]["StepScalingPolicyConfiguration"])
        for name, policy in policies.items()
        if resource_of(every_hosting, policy) == resource
        and policy["Properties"].get("StepScalingPolicyConfiguration", {}).get("AdjustmentType") == "ExactCapacity"
    ]
    assert policy["StepAdjustments"] == [{"MetricIntervalUpperBound": 0, "ScalingAdjustment": 0}]
    alarms = [alarm["Properties"] for alarm in every_hosting.resources("AWS::CloudWatch::Alarm").values()]
    [alarm] = [alarm for alarm in alarms if alarm.get("AlarmActions") == [{"Ref": name}]]
    assert (alarm["EvaluationPeriods"], alarm["Threshold"]) == (15, 1)
    assert alarm["ComparisonOperator"] == "LessThanThreshold"
    assert {m["MetricStat"]["Metric"]["MetricName"] for m in alarm["Metrics"] if "MetricStat" in m} == watched
    [expression] = [metric["Expression"] for metric in alarm["Metrics"] if "Expression" in metric]
    assert expression.count("FILL(") == 2
    # An endpoint that was never invoked has no metric that could be filled.
    assert alarm["TreatMissingData"] == "breaching"


def test_an_inference_component_may_have_no_copy_and_its_endpoint_no_instance(every_hosting: Synthesis) -> None:
    name = "signpost-components-components-m5-large"
    configuration = configuration_of(every_hosting, name)
    (variant,) = configuration["ProductionVariants"]
    assert variant["ManagedInstanceScaling"] == {"Status": "ENABLED", "MinInstanceCount": 0, "MaxInstanceCount": 7}
    # Of the five copies half are updated at a time, and a new copy starts on an instance of its own.
    assert "ModelName" not in variant
    assert "DataCaptureConfig" not in configuration
    assert configuration["EnableNetworkIsolation"] is True
    assert configuration["ExecutionRoleArn"]
    ((_, component),) = every_hosting.resources("AWS::SageMaker::InferenceComponent").items()
    specification = component["Properties"]["Specification"]
    # More than half of the two cores of an ml.m5.large: one copy an instance.
    assert specification["ComputeResourceRequirements"]["NumberOfCpuCoresRequired"] == 1.25
    assert component["Properties"]["RuntimeConfig"] == {"CopyCount": 1}
    targets = every_hosting.resources("AWS::ApplicationAutoScaling::ScalableTarget").values()
    [target] = [t["Properties"] for t in targets if t["Properties"]["ResourceId"] == f"inference-component/{name}"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (0, 5)
    assert target["ScalableDimension"] == "sagemaker:inference-component:DesiredCopyCount"


def test_a_component_is_updated_copy_by_copy_and_brought_back_by_its_alarms(every_hosting: Synthesis) -> None:
    ((_, component),) = every_hosting.resources("AWS::SageMaker::InferenceComponent").items()
    deployment = component["Properties"]["DeploymentConfig"]
    assert deployment["RollingUpdatePolicy"]["MaximumBatchSize"] == {"Type": "CAPACITY_PERCENT", "Value": 50}
    rollback = deployment["AutoRollbackConfiguration"]["Alarms"]
    alarms = [every_hosting.routing["Resources"][alarm["AlarmName"]["Ref"]]["Properties"] for alarm in rollback]
    assert {alarm["MetricName"] for alarm in alarms} == {"Invocation5XXErrors", "ModelLatency"}
    for alarm in alarms:
        assert alarm["Dimensions"] == [
            {"Name": "InferenceComponentName", "Value": "signpost-components-components-m5-large"}
        ]


def test_a_classifier_asks_its_own_endpoint_and_component_only(every_hosting: Synthesis) -> None:
    asked = [
        statement["Resource"]
        for statement in statements_of_roles(every_hosting)["FunctionsClassifyComponentsRole"]
        if statement["Action"] == ["sagemaker:InvokeEndpoint"]
    ]
    here = "arn:<AWS::Partition>:sagemaker:<AWS::Region>:<AWS::AccountId>:"
    name = "signpost-components-components-m5-large"
    assert asked == [[f"{here}endpoint/{name}", f"{here}inference-component/{name}"]]


def test_an_instance_whose_cores_nobody_knows_is_refused_for_components(
    package: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    routes = {"here": {"labels": ["bicycle"]}, "there": {"labels": ["motorcycle"]}}
    vehicle = {"model": package, "hosting": "components", "routes": routes, "endpoint": {"instance_type": "ml.x.metal"}}
    settings = Settings.model_validate({"app": {"default_classifier": "vehicle"}, "classifiers": {"vehicle": vehicle}})
    with pytest.raises(SettingsError, match=r"cores of 'ml\.x\.metal'.*ml\.m5\.large"):
        synthesise(settings, aws_stage(), tmp_path_factory.mktemp("metal"))
