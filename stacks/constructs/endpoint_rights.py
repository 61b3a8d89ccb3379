"""The rights of a function on the endpoint that it invokes."""

# jsii names the parameters of its interfaces differently from those of its classes.
# pyright: reportArgumentType=false

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from signpost.routing.prefixes import PREPARED, QUESTIONS
from signpost.settings.hosting import Hosting
from stacks.constructs.acknowledge import acknowledge, any_object
from stacks.constructs.endpoint_config import ASYNC_ERRORS, ASYNC_OUTPUT
from stacks.storage import StorageStack


def allow_invocation(
    function: lambda_.Function, endpoint_name: str, hosting: Hosting, storage: StorageStack
) -> iam.Policy:
    """Allow a function to invoke an endpoint, by a policy that belongs to this endpoint.

    Another endpoint has another policy. Where the endpoint changes, CloudFormation creates the policy of the new one
    before it updates the function, and deletes that of the former one afterwards. The role's own policy would be
    changed before the function, which could not invoke any endpoint meanwhile.

    Parameters
    ----------
    function : aws_cdk.aws_lambda.Function
        The function.
    endpoint_name : str
        Name of the endpoint, and of the inference component on it.
    hosting : Hosting
        Kind of the endpoint.
    storage : StorageStack
        Where an async endpoint finds its inputs and puts its answers.

    Returns
    -------
    aws_cdk.aws_iam.Policy
    """
    role = function.role
    assert role is not None  # noqa: S101 - every function of this app has a role of its own
    policy = iam.Policy(function, f"Invoke-{endpoint_name}", roles=[role])
    stack = Stack.of(function)
    endpoint = stack.format_arn(service="sagemaker", resource="endpoint", resource_name=endpoint_name)
    if hosting is Hosting.ASYNC:
        _allow(policy, ["sagemaker:InvokeEndpointAsync"], [endpoint])
        _allow_exchange(policy, endpoint_name, storage)
        return policy
    component = stack.format_arn(service="sagemaker", resource="inference-component", resource_name=endpoint_name)
    components = [component] if hosting is Hosting.COMPONENTS else []
    _allow(policy, ["sagemaker:InvokeEndpoint"], [endpoint, *components])
    return policy


def _allow_exchange(policy: iam.Policy, endpoint_name: str, storage: StorageStack) -> None:
    """Allow what goes to and from an async endpoint by S3."""
    captured, decisions, asked = storage.captured, storage.decisions, f"{QUESTIONS}{endpoint_name}/"
    answers = [f"{folder}/{endpoint_name}/" for folder in (ASYNC_OUTPUT, ASYNC_ERRORS)]
    _allow(policy, ["s3:PutObject"], [decisions.arn_for_objects(f"{folder}*") for folder in (PREPARED, asked)])
    read = [decisions.arn_for_objects(f"{asked}*"), *(captured.arn_for_objects(f"{folder}*") for folder in answers)]
    _allow(policy, ["s3:GetObject"], read)
    # Without it, S3 answers 403 instead of 404 while there is no answer, or where nothing was asked before.
    _allow(policy, ["s3:ListBucket"], [captured.bucket_arn, decisions.bucket_arn])
    acknowledge(
        policy,
        {any_object(captured, folder): "SageMaker names its answers." for folder in answers}
        | {any_object(decisions, folder): "Named by the decision's id." for folder in (PREPARED, asked)},
    )


def _allow(policy: iam.Policy, actions: list[str], resources: list[str]) -> None:
    policy.add_statements(iam.PolicyStatement(actions=actions, resources=resources))
