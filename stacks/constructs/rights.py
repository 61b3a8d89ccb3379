"""Rights of functions, written out."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_


def allow(function: lambda_.Function, actions: Sequence[str], resources: Sequence[str]) -> None:
    """Give a function's role exactly these actions on exactly these resources."""
    function.add_to_role_policy(iam.PolicyStatement(actions=actions, resources=resources))
