"""SageMaker and Application Auto Scaling through CloudFormation, as a deployment makes them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.localcloud.running_cloud import Cloud, wait_for
from tests.localcloud.sagemaker_resources import Resources, archive

STACK = "endpoint-stack"
DIMENSION = "sagemaker:variant:DesiredInstanceCount"


def template(resources: Resources, *, key: str, target: int) -> str:
    endpoint = {"Fn::GetAtt": ["Endpoint", "EndpointName"]}
    return json.dumps(
        {
            "Resources": {
                "Model": {
                    "Type": "AWS::SageMaker::Model",
                    "Properties": {
                        "ExecutionRoleArn": resources.role,
                        "PrimaryContainer": {"Image": "local", "ModelDataUrl": f"s3://{resources.models}/{key}"},
                    },
                },
                "Config": {
                    "Type": "AWS::SageMaker::EndpointConfig",
                    "Properties": {
                        "ProductionVariants": [
                            {
                                "VariantName": "AllTraffic",
                                "ModelName": {"Fn::GetAtt": ["Model", "ModelName"]},
                                "InstanceType": "ml.c7i.large",
                                "InitialInstanceCount": "1",
                                "InitialVariantWeight": 1,
                            }
                        ]
                    },
                },
                "Endpoint": {
                    "Type": "AWS::SageMaker::Endpoint",
                    "Properties": {"EndpointConfigName": {"Fn::GetAtt": ["Config", "EndpointConfigName"]}},
                },
                "Target": {
                    "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
                    "Properties": {
                        "MinCapacity": 1,
                        "MaxCapacity": "4",
                        "ResourceId": {"Fn::Join": ["/", ["endpoint", endpoint, "variant", "AllTraffic"]]},
                        "ScalableDimension": DIMENSION,
                        "ServiceNamespace": "sagemaker",
                    },
                },
                "Policy": {
                    "Type": "AWS::ApplicationAutoScaling::ScalingPolicy",
                    "Properties": {
                        "PolicyName": "invocations",
                        "PolicyType": "TargetTrackingScaling",
                        "ScalingTargetId": {"Ref": "Target"},
                        "TargetTrackingScalingPolicyConfiguration": {
                            "TargetValue": target,
                            "PredefinedMetricSpecification": {
                                "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
                            },
                        },
                    },
                },
            },
            "Outputs": {
                "Name": {"Value": endpoint},
                "Arn": {"Value": {"Ref": "Endpoint"}},
                "Target": {"Value": {"Ref": "Target"}},
            },
        }
    )


class Stack:
    """A stack that is created, updated and deleted, waiting for the end each time."""

    def __init__(self, resources: Resources) -> None:
        self.resources = resources
        self.cloudformation = resources.cloud.client("cloudformation")

    def create(self, **template_settings: Any) -> dict[str, Any]:
        self.cloudformation.create_stack(StackName=STACK, TemplateBody=template(self.resources, **template_settings))
        return self.settled()

    def update(self, **template_settings: Any) -> dict[str, Any]:
        self.cloudformation.update_stack(StackName=STACK, TemplateBody=template(self.resources, **template_settings))
        return self.settled()

    def settled(self) -> dict[str, Any]:
        def stack() -> dict[str, Any] | None:
            (found,) = self.cloudformation.describe_stacks(StackName=STACK)["Stacks"]
            return None if found["StackStatus"].endswith("IN_PROGRESS") else found

        return wait_for(stack, 120)

    def events(self) -> list[dict[str, Any]]:
        return self.cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]


@pytest.fixture
def stack(cloud: Cloud) -> Iterator[Stack]:
    made = Stack(Resources(cloud))
    yield made
    made.cloudformation.delete_stack(StackName=STACK)
    wait_for(
        lambda: all(
            summary["StackStatus"] == "DELETE_COMPLETE"
            for summary in made.cloudformation.list_stacks()["StackSummaries"]
            if summary["StackName"] == STACK
        )
    )


def test_a_stack_is_created_updated_rolled_back_and_deleted(stack: Stack) -> None:
    resources = stack.resources
    autoscaling = resources.cloud.client("application-autoscaling")

    # WHEN a stack with an endpoint and target tracking is created
    created = stack.create(key="v1.tar.gz", target=70)
    # THEN the endpoint answers, references are what CloudFormation documents, and the policy can be described
    assert created["StackStatus"] == "CREATE_COMPLETE"
    outputs = {output["OutputKey"]: output["OutputValue"] for output in created["Outputs"]}
    name = outputs["Name"]
    resource_id = f"endpoint/{name}/variant/AllTraffic"
    assert outputs["Arn"] == resources.sagemaker.describe_endpoint(EndpointName=name)["EndpointArn"]
    assert outputs["Target"] == f"{resource_id}|{DIMENSION}|sagemaker"
    assert resources.version_of(name) == "1"
    query = {"ServiceNamespace": "sagemaker", "ResourceId": resource_id, "ScalableDimension": DIMENSION}

    def target_value() -> float:
        (policy,) = autoscaling.describe_scaling_policies(**query)["ScalingPolicies"]
        return policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"]

    (target,) = autoscaling.describe_scalable_targets(ServiceNamespace="sagemaker", ResourceIds=[resource_id])[
        "ScalableTargets"
    ]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 4)
    assert target_value() == 70

    # WHEN the package and the policy change, THEN the same endpoint serves the new package
    assert stack.update(key="v2.tar.gz", target=50)["StackStatus"] == "UPDATE_COMPLETE"
    assert resources.version_of(name) == "2"
    assert target_value() == 50
    config = resources.sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"]

    # WHEN a package cannot be served, THEN the stack rolls back and the endpoint serves on
    broken = archive({"manifest.json": b"{}", "model.tflite": b""})
    resources.s3.put_object(Bucket=resources.models, Key="broken.tar.gz", Body=broken)
    assert stack.update(key="broken.tar.gz", target=50)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    reasons = [event.get("ResourceStatusReason", "") for event in stack.events()]
    assert any("did not pass the ping health check" in reason for reason in reasons)
    assert resources.version_of(name) == "2"
    assert resources.sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"] == config


def test_a_failed_creation_leaves_nothing_behind(stack: Stack) -> None:
    resources = stack.resources
    resources.s3.put_object(Bucket=resources.models, Key="text.tar.gz", Body=b"no archive")
    assert stack.create(key="text.tar.gz", target=70)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert any("cannot be unpacked" in event.get("ResourceStatusReason", "") for event in stack.events())
    for listed, kind in (
        (resources.sagemaker.list_endpoints()["Endpoints"], "EndpointName"),
        (resources.sagemaker.list_endpoint_configs()["EndpointConfigs"], "EndpointConfigName"),
        (resources.sagemaker.list_models()["Models"], "ModelName"),
    ):
        assert [item[kind] for item in listed if item[kind].startswith(STACK)] == []


def test_what_aws_refuses_about_scaled_endpoints_is_refused(cloud: Cloud) -> None:
    resources = Resources(cloud)
    scaling = cloud.client("application-autoscaling")
    name = resources.endpoint(resources.config(resources.model()))
    assert resources.settled(name)["EndpointStatus"] == "InService"
    target = {"ServiceNamespace": "sagemaker", "ScalableDimension": DIMENSION}
    # A variant that does not exist
    for missing in (f"endpoint/{name}/variant/Other", "endpoint/nothing/variant/AllTraffic"):
        with pytest.raises(scaling.exceptions.ValidationException, match="Could not find"):
            scaling.register_scalable_target(ResourceId=missing, MinCapacity=1, MaxCapacity=2, **target)
    scaling.register_scalable_target(
        ResourceId=f"endpoint/{name}/variant/AllTraffic", MinCapacity=1, MaxCapacity=2, **target
    )
    # Another instance type of a variant that is scaled; another model is allowed
    larger = f"{name}-larger"
    variant = {"VariantName": "AllTraffic", "ModelName": resources.model("v2.tar.gz"), "InitialInstanceCount": 1}
    resources.sagemaker.create_endpoint_config(
        EndpointConfigName=larger, ProductionVariants=[{**variant, "InstanceType": "ml.c7i.xlarge"}]
    )
    with pytest.raises(resources.sagemaker.exceptions.ClientError, match="registered as a scalable target"):
        resources.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=larger)
    resources.sagemaker.update_endpoint(
        EndpointName=name, EndpointConfigName=resources.config(resources.model("v2.tar.gz"))
    )
    assert resources.settled(name)["EndpointStatus"] == "InService"
    # The endpoint takes its targets with it
    resources.sagemaker.delete_endpoint(EndpointName=name)
    targets = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert [found for found in targets if name in found["ResourceId"]] == []
