"""Acknowledges findings of the AWS Solutions rules, each with a reason, beside the resource that they are about."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Acknowledgment, Stack, Validations
from aws_cdk import aws_s3 as s3
from constructs import Construct


def acknowledge(construct: Construct, reasons: Mapping[str, str]) -> None:
    """Acknowledge findings on a construct and what is below it.

    Parameters
    ----------
    construct : Construct
        Where the findings are.
    reasons : mapping of str to str
        Why each finding is right as it is, by its short id, for instance ``"IAM5[Resource::*]"``.
    """
    known = [
        Acknowledgment(id=f"AwsSolutions::AwsSolutions-{finding}", reason=reason) for finding, reason in reasons.items()
    ]
    Validations.of(construct).acknowledge(*known)


def any_of(scope: Construct, arn: str) -> str:
    """Return the short id of the finding that a policy has a pattern, for `acknowledge`.

    Parameters
    ----------
    scope : Construct
        Any construct of the policy's stack.
    arn : str
        The pattern, with CDK's tokens.
    """
    resolved = Stack.of(scope).resolve(arn)
    parts = resolved["Fn::Join"][1] if isinstance(resolved, dict) else [resolved]
    text = "".join(part if isinstance(part, str) else f"<{part['Ref']}>" for part in parts)
    return f"IAM5[Resource::{text}]"


def any_object(bucket: s3.IBucket, prefix: str) -> str:
    """Name the finding that another stack's policy is about every object below a prefix.

    Parameters
    ----------
    bucket : aws_cdk.aws_s3.IBucket
        The bucket, in a stack of its own.
    prefix : str
        What the objects' keys start with; may be empty.

    Returns
    -------
    str
        A short id for `acknowledge`.
    """
    owner = Stack.of(bucket)
    export = owner.resolve(owner.export_value(bucket.bucket_arn))["Fn::ImportValue"]
    return f"IAM5[Resource::{export}/{prefix}*]"
