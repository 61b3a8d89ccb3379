"""Deletes a deployed app: its stacks in the right order, and what CloudFormation can't delete by itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from signpost.api.contracts import STAGE
from signpost.errors import DeploymentError

Clients = Callable[[str], Any]
Report = Callable[[str], None]
# A stack is deleted before those that it uses. "inference" had the endpoints up to release 0.1.0.
STACKS = ("inference", "training", "review", "api", "routing", "storage", "image")
_RETAINED = {"Retain", "RetainExceptOnCreate"}
# Endpoints of inference components take the longest.
_WAIT = {"Delay": 2, "MaxAttempts": 1800}


@dataclass(frozen=True)
class Resource:
    """A resource of a stack: its type, its name or id, and whether it stays when the stack is deleted."""

    kind: str
    name: str
    kept: bool

    def __str__(self) -> str:
        """Return type and name, as a person reads them."""
        return f"{self.kind.removeprefix('AWS::')} {self.name}"


@dataclass
class Removal:
    """Resources that are deleted, and those that are kept.

    Attributes
    ----------
    stacks : dict of str to list of Resource
        Resources of each deployed stack, in the order of deletion.
    """

    stacks: dict[str, list[Resource]] = field(default_factory=dict)

    @property
    def kept(self) -> list[Resource]:
        """The resources that stay when the stacks are deleted."""
        return [resource for resources in self.stacks.values() for resource in resources if resource.kept]


def plan(app: str, clients: Clients) -> Removal:
    """Find what is deployed.

    Parameters
    ----------
    app : str
        ``app.name`` of the settings.
    clients : callable
        Makes the client of a service.

    Returns
    -------
    Removal
    """
    cloudformation, found = clients("cloudformation"), Removal()
    for name in (f"{app}-{stack}" for stack in STACKS):
        if not _exists(cloudformation, name):
            continue
        template = cloudformation.get_template(StackName=name)["TemplateBody"]
        defined = (template if isinstance(template, dict) else json.loads(template))["Resources"]
        pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
        found.stacks[name] = [
            Resource(
                summary["ResourceType"],
                summary["PhysicalResourceId"],
                defined.get(summary["LogicalResourceId"], {}).get("DeletionPolicy") in _RETAINED,
            )
            for page in pages
            for summary in page["StackResourceSummaries"]
            if summary.get("PhysicalResourceId")
        ]
    return found


def remove(found: Removal, clients: Clients, report: Report) -> None:
    """Delete the stacks; what is to be kept stays.

    Parameters
    ----------
    found : Removal
        From `plan`.
    clients : callable
        Makes the client of a service.
    report : callable
        Gets a line for each step.

    Raises
    ------
    DeploymentError
        If a stack can't be deleted, with the reasons of its resources.
    """
    for stack, resources in found.stacks.items():
        for resource in resources:
            if resource.kind == "AWS::SageMaker::ModelPackageGroup":
                report(f"Deleting the model packages of {resource.name}")
                _delete_model_packages(clients("sagemaker"), resource.name)
            elif resource.kind == "AWS::S3::Bucket" and not resource.kept:
                report(f"Emptying {resource.name}")
                empty(clients("s3"), resource.name)
        report(f"Deleting {stack}")
        _delete_stack(clients("cloudformation"), stack)
        for resource in resources:
            if resource.kind == "AWS::ApiGateway::RestApi":
                _delete_log_group(clients("logs"), f"API-Gateway-Execution-Logs_{resource.name}/{STAGE}")


def remove_data(found: Removal, clients: Clients, report: Report) -> None:
    """Delete what `remove` has kept.

    Parameters are those of `remove`.
    """
    for resource in found.kept:
        report(f"Deleting {resource}")
        match resource.kind:
            case "AWS::S3::Bucket":
                empty(clients("s3"), resource.name)
                clients("s3").delete_bucket(Bucket=resource.name)
            case "AWS::DynamoDB::Table":
                clients("dynamodb").delete_table(TableName=resource.name)
            case "AWS::Cognito::UserPool":
                clients("cognito-idp").delete_user_pool(UserPoolId=resource.name)
            case "AWS::ECR::Repository":
                clients("ecr").delete_repository(repositoryName=resource.name, force=True)
            case _:
                report(f"{resource} is left: delete it yourself")


def empty(s3: Any, bucket: str) -> None:
    """Delete every version of every object of a bucket, and its delete markers."""
    for batch in _versions(s3, bucket):
        failed = s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True}).get("Errors")
        if failed:
            raise DeploymentError(f"{bucket}: {failed[0]['Key']} can't be deleted: {failed[0]['Message']}")


def _versions(s3: Any, bucket: str) -> Iterator[list[dict[str, str]]]:
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        listed = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if listed:
            yield [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in listed]


def _delete_model_packages(sagemaker: Any, group: str) -> None:
    """Delete the registered versions: SageMaker deletes no group that has any."""
    name = group.rpartition("/")[2]
    for page in sagemaker.get_paginator("list_model_packages").paginate(ModelPackageGroupName=name):
        for package in page["ModelPackageSummaryList"]:
            sagemaker.delete_model_package(ModelPackageName=package["ModelPackageArn"])


def _exists(cloudformation: Any, stack: str) -> bool:
    try:
        cloudformation.describe_stacks(StackName=stack)
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        return False
    return True


def _delete_stack(cloudformation: Any, name: str) -> None:
    # A deleted stack is found by its id only.
    stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
    cloudformation.delete_stack(StackName=stack)
    try:
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig=_WAIT)
    except WaiterError as error:
        events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
        reasons = [
            f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason')}"
            for event in events
            if event["ResourceStatus"] == "DELETE_FAILED"
        ]
        raise DeploymentError(f"{name} can't be deleted. {'; '.join(reasons) or error}") from error


def _delete_log_group(logs: Any, name: str) -> None:
    """Delete a log group that a service has created by itself, if there is one."""
    try:
        logs.delete_log_group(logGroupName=name)
    except logs.exceptions.ResourceNotFoundException:
        return
