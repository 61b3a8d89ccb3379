"""The role of an endpoint: fetch its own model and image, write its own log, metrics and captured data."""
# jsii names the parameters of its interfaces differently from those of its classes.
# pyright: reportArgumentType=false

from __future__ import annotations

import re
from collections.abc import Sequence

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.constructs.acknowledge import acknowledge

_ECR_IMAGE = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.[^/]+/(?P<repository>[^:@]+)")
ENDPOINT_LOGS = "/aws/sagemaker/Endpoints/"
_METRICS = ["AWS/SageMaker", "/aws/sagemaker/Endpoints"]


def repository_of(image_uri: str) -> str | None:
    """Find the ECR repository that an image is named in.

    Parameters
    ----------
    image_uri : str
        Name of a container image.

    Returns
    -------
    str or None
        The repository's ARN; None where the image is not in ECR.
    """
    found = _ECR_IMAGE.match(image_uri)
    if not found:
        return None
    return f"arn:{Aws.PARTITION}:ecr:{found['region']}:{found['account']}:repository/{found['repository']}"


def endpoint_role(
    scope: Construct,
    *,
    read_arns: Sequence[str],
    written_arns: Sequence[str],
    log_group: logs.ILogGroup,
    repository_arn: str | None,
) -> iam.Role:
    """Make the role that SageMaker takes on to run an endpoint.

    Parameters
    ----------
    scope : Construct
        Where it belongs.
    read_arns, written_arns : sequence of str
        S3 objects that it may read and write.
    log_group : aws_cdk.aws_logs.ILogGroup
        The endpoint's.
    repository_arn : str or None
        Where the image is pulled from.

    Returns
    -------
    aws_cdk.aws_iam.Role
    """
    statements = [
        iam.PolicyStatement(sid="ReadModel", actions=["s3:GetObject"], resources=list(read_arns)),
        iam.PolicyStatement(
            sid="WriteLog",
            actions=["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            resources=[log_group.log_group_arn],
        ),
        iam.PolicyStatement(
            sid="WriteMetrics",
            actions=["cloudwatch:PutMetricData"],
            resources=["*"],
            conditions={"StringEquals": {"cloudwatch:namespace": _METRICS}},
        ),
    ]
    if written_arns:
        statements.append(iam.PolicyStatement(sid="WriteData", actions=["s3:PutObject"], resources=list(written_arns)))
    if repository_arn:
        pull = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        statements += [
            iam.PolicyStatement(sid="PullImage", actions=pull, resources=[repository_arn]),
            iam.PolicyStatement(sid="LogInToEcr", actions=["ecr:GetAuthorizationToken"], resources=["*"]),
        ]
    role = iam.Role(
        scope,
        "Role",
        assumed_by=iam.ServicePrincipal(
            "sagemaker.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
        ),
        # Inside the role, so that it is complete before SageMaker first takes it on.
        inline_policies={"Endpoint": iam.PolicyDocument(statements=statements)},
    )
    acknowledge(
        role,
        {
            "IAM5[Resource::*]": "PutMetricData and GetAuthorizationToken know no resources; the metrics are held to "
            "SageMaker's namespaces."
        },
    )
    return role
