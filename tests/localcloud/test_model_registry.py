"""The Model Registry of the local cloud, and models made from what is registered there."""

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.localcloud.running_cloud import Cloud, wait_for
from tests.localcloud.sagemaker_resources import Resources

IMAGE = "000000000000.dkr.ecr.us-east-1.amazonaws.com/signpost-serving:1"


@pytest.fixture(scope="module")
def resources(cloud: Cloud) -> Resources:
    return Resources(cloud)


@pytest.fixture
def group(resources: Resources) -> str:
    name = f"{resources.name}-{uuid.uuid4().hex[:6]}"
    arn = resources.sagemaker.create_model_package_group(ModelPackageGroupName=name)["ModelPackageGroupArn"]
    assert arn == f"arn:aws:sagemaker:{resources.cloud.region}:{resources.cloud.account}:model-package-group/{name}"
    return name


def register(resources: Resources, group: str, key: str = "v1.tar.gz", **more: Any) -> str:
    container = {"Image": IMAGE, "ModelDataUrl": f"s3://{resources.models}/{key}", "Environment": {"A": "1"}}
    answer = resources.sagemaker.create_model_package(
        ModelPackageGroupName=group,
        InferenceSpecification={
            "Containers": [container],
            "SupportedContentTypes": ["image/png"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
        **more,
    )
    return answer["ModelPackageArn"]


def model_of(resources: Resources, package: str) -> str:
    name = f"{resources.name}-{uuid.uuid4().hex[:6]}"
    resources.sagemaker.create_model(
        ModelName=name, ExecutionRoleArn=resources.role, PrimaryContainer={"ModelPackageName": package}
    )
    return name


def test_versions_of_a_group_wait_for_approval(resources: Resources, group: str) -> None:
    first = register(resources, group)
    arn = resources.sagemaker.describe_model_package_group(ModelPackageGroupName=group)["ModelPackageGroupArn"]
    second = register(resources, arn, ModelApprovalStatus="Approved")
    assert [package.rpartition("/")[2] for package in (first, second)] == ["1", "2"]
    described = resources.sagemaker.describe_model_package(ModelPackageName=f"{group}/1")
    assert described["ModelPackageArn"] == first
    assert (described["ModelPackageVersion"], described["ModelApprovalStatus"]) == (1, "PendingManualApproval")
    approved = resources.sagemaker.list_model_packages(ModelPackageGroupName=group, ModelApprovalStatus="Approved")
    assert [summary["ModelPackageArn"] for summary in approved["ModelPackageSummaryList"]] == [second]


def test_a_registration_that_is_tried_again_is_one_version(resources: Resources, group: str) -> None:
    token = uuid.uuid4().hex
    first = register(resources, group, ClientToken=token)
    assert register(resources, group, ClientToken=token) == first
    assert register(resources, group) != first


def test_an_approval_changes_nothing_else(resources: Resources, group: str) -> None:
    package = register(resources, group, CustomerMetadataProperties={"accuracy": "0.97"})
    update = resources.sagemaker.update_model_package
    update(ModelPackageArn=package, ModelApprovalStatus="Approved", ApprovalDescription="The gate passed.")
    update(ModelPackageArn=package, CustomerMetadataProperties={"endpoint": "vehicle"})
    described = resources.sagemaker.describe_model_package(ModelPackageName=package)
    assert (described["ModelApprovalStatus"], described["ApprovalDescription"]) == ("Approved", "The gate passed.")
    assert described["CustomerMetadataProperties"] == {"accuracy": "0.97", "endpoint": "vehicle"}
    assert described["LastModifiedTime"] >= described["CreationTime"]


def test_what_is_wrong_is_refused(resources: Resources, group: str) -> None:
    sagemaker = resources.sagemaker
    package = register(resources, group)
    sagemaker.update_model_package(ModelPackageArn=package, ModelApprovalStatus="Rejected")
    for wrong, message in (
        (lambda: sagemaker.create_model_package_group(ModelPackageGroupName=group), "already existing"),
        (lambda: register(resources, "nobody"), "does not exist"),
        (lambda: sagemaker.describe_model_package(ModelPackageName=f"{group}/9"), "not found"),
        (lambda: sagemaker.update_model_package(ModelPackageArn=f"{package}0"), "not found"),
        (lambda: sagemaker.delete_model_package_group(ModelPackageGroupName=group), "contains"),
        (lambda: model_of(resources, package), "Rejected"),
        (lambda: model_of(resources, register(resources, group, "missing.tar.gz")), "Could not find model data"),
    ):
        with pytest.raises(ClientError, match=message):
            wrong()


def test_a_registered_model_serves(resources: Resources, group: str) -> None:
    package = register(resources, group, "v2.tar.gz", ModelApprovalStatus="Approved")
    name = resources.endpoint(resources.config(model_of(resources, package)))
    assert resources.settled(name)["EndpointStatus"] == "InService"
    assert resources.version_of(name) == "2"
    resources.sagemaker.delete_endpoint(EndpointName=name)


def test_rights_are_of_one_group_and_version(resources: Resources, group: str) -> None:
    package = register(resources, group)
    other = register(resources, f"{group}", ModelApprovalStatus="Approved")
    here = f"arn:aws:sagemaker:{resources.cloud.region}:{resources.cloud.account}"
    key = resources.user_key(
        ("sagemaker:CreateModelPackage", f"{here}:model-package/{group}/*"),
        ("sagemaker:DescribeModelPackage", package),
        ("sagemaker:CreateModel", "*"),
    )
    mine = resources.cloud.client("sagemaker", key)
    assert mine.create_model_package(ModelPackageGroupName=group)["ModelPackageArn"].endswith("/3")
    assert mine.describe_model_package(ModelPackageName=package)["ModelPackageVersion"] == 1
    for forbidden, action in (
        (lambda: mine.create_model_package(ModelPackageGroupName="another"), "sagemaker:CreateModelPackage"),
        (lambda: mine.describe_model_package(ModelPackageName=other), "sagemaker:DescribeModelPackage"),
        (lambda: mine.update_model_package(ModelPackageArn=package), "sagemaker:UpdateModelPackage"),
        (lambda: mine.create_model_package_group(ModelPackageGroupName="new"), "sagemaker:CreateModelPackageGroup"),
        (lambda: mine.list_model_packages(), "sagemaker:ListModelPackages"),
        (
            lambda: mine.create_model(
                ModelName="m", ExecutionRoleArn=resources.role, PrimaryContainer={"ModelPackageName": package}
            ),
            "iam:PassRole",
        ),
    ):
        with pytest.raises(ClientError, match=action) as caught:
            forbidden()
        assert caught.value.response.get("Error", {}).get("Code") == "AccessDeniedException"


def test_cloudformation_makes_a_group_and_takes_it_away(resources: Resources) -> None:
    cloudformation, stack = resources.cloud.client("cloudformation"), f"{resources.name}-registry"
    properties = {"ModelPackageGroupName": stack, "ModelPackageGroupDescription": "Vehicles"}
    template = {
        "Resources": {"Group": {"Type": "AWS::SageMaker::ModelPackageGroup", "Properties": properties}},
        "Outputs": {
            "Ref": {"Value": {"Ref": "Group"}},
            "Arn": {"Value": {"Fn::GetAtt": ["Group", "ModelPackageGroupArn"]}},
        },
    }
    cloudformation.create_stack(StackName=stack, TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
    group = resources.sagemaker.describe_model_package_group(ModelPackageGroupName=stack)
    (described,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    assert {output["OutputValue"] for output in described["Outputs"]} == {group["ModelPackageGroupArn"]}
    assert group["ModelPackageGroupDescription"] == "Vehicles"
    cloudformation.delete_stack(StackName=stack)

    def is_gone() -> bool:
        listed = resources.sagemaker.list_model_package_groups(NameContains=stack)
        return listed["ModelPackageGroupSummaryList"] == []

    assert wait_for(is_gone)
