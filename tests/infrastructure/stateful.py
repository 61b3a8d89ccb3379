"""The resources that hold data or that others know by name, and those of their properties that replace them."""

from collections.abc import Mapping
from typing import Any

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

TYPES = (
    "AWS::ApiGateway::RestApi",
    "AWS::Cognito::UserPool",
    "AWS::Cognito::UserPoolClient",
    "AWS::Cognito::UserPoolDomain",
    "AWS::Cognito::UserPoolGroup",
    "AWS::DynamoDB::Table",
    "AWS::ECR::Repository",
    "AWS::Events::EventBus",
    "AWS::S3::Bucket",
    "AWS::SQS::Queue",
    "AWS::SageMaker::ModelPackageGroup",
    "AWS::SecretsManager::Secret",
    "AWS::StepFunctions::StateMachine",
)
Stateful = dict[str, dict[str, Any]]


def stateful_resources(templates: Mapping[str, dict[str, Any]]) -> Stateful:
    """Type and replacing properties of each such resource, by its stack and logical id."""
    return {
        f"{stack}/{name}": {"Type": resource["Type"], **_replacing(resource)}
        for stack, template in sorted(templates.items())
        for name, resource in sorted(template.get("Resources", {}).items())
        if resource["Type"] in TYPES
    }


def _replacing(resource: dict[str, Any]) -> dict[str, Any]:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource["Type"]).schema
    names = {path.split("/")[2] for path in schema.get("createOnlyProperties", [])}
    return {name: value for name, value in resource.get("Properties", {}).items() if name in names}
