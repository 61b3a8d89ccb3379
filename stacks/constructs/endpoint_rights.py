"""The rights of a function on the endpoint that it invokes."""

# jsii names the parameters of its interfaces differently from those of its classes.
# pyright: reportArgumentType=false

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_lambda as lambda_

from signpost.routing.prefixes import PREPARED, QUESTIONS
from signpost.settings.hosting import Hosting
from stacks.constructs.acknowledge import acknowledge, any_object
from stacks.constructs.endpoint_config import ASYNC_ERRORS, ASYNC_OUTPUT
from stacks.constructs.rights import allow
from stacks.storage import StorageStack


def allow_invocation(function: lambda_.Function, endpoint_name: str, hosting: Hosting, storage: StorageStack) -> None:
    """Allow a function to invoke an endpoint.

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
    """
    stack = Stack.of(function)
    endpoint = stack.format_arn(service="sagemaker", resource="endpoint", resource_name=endpoint_name)
    if hosting is Hosting.ASYNC:
        allow(function, ["sagemaker:InvokeEndpointAsync"], [endpoint])
        _allow_exchange(function, endpoint_name, storage)
        return
    component = stack.format_arn(service="sagemaker", resource="inference-component", resource_name=endpoint_name)
    components = [component] if hosting is Hosting.COMPONENTS else []
    allow(function, ["sagemaker:InvokeEndpoint"], [endpoint, *components])


def _allow_exchange(function: lambda_.Function, endpoint_name: str, storage: StorageStack) -> None:
    """Allow what goes to and from an async endpoint by S3."""
    captured, decisions, asked = storage.captured, storage.decisions, f"{QUESTIONS}{endpoint_name}/"
    answers = [f"{folder}/{endpoint_name}/" for folder in (ASYNC_OUTPUT, ASYNC_ERRORS)]
    allow(function, ["s3:PutObject"], [decisions.arn_for_objects(f"{folder}*") for folder in (PREPARED, asked)])
    read = [decisions.arn_for_objects(f"{asked}*"), *(captured.arn_for_objects(f"{folder}*") for folder in answers)]
    allow(function, ["s3:GetObject"], read)
    # Without it, S3 answers 403 instead of 404 while there is no answer, or where nothing was asked before.
    allow(function, ["s3:ListBucket"], [captured.bucket_arn, decisions.bucket_arn])
    assert function.role is not None  # noqa: S101 - every function of this app has a role of its own
    acknowledge(
        function.role,
        {any_object(captured, folder): "SageMaker names its answers." for folder in answers}
        | {any_object(decisions, asked): "Named by the decision's id."},
    )
