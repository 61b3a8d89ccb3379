"""The role of an endpoint: fetch its own model and image, write its own log, metrics and captured data."""
# jsii names the parameters of its interfaces differently from those of its classes.
# pyright: reportArgumentType=false

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.constructs.sagemaker_role import sagemaker_role

ENDPOINT_LOGS = "/aws/sagemaker/Endpoints/"
COMPONENT_LOGS = "/aws/sagemaker/InferenceComponents/"


def endpoint_role(
    scope: Construct,
    *,
    read_arns: Sequence[str],
    written_arns: Sequence[str],
    log_group: logs.ILogGroup,
    repository_arn: str | None,
    alarm_arns: Sequence[str],
    logs_prefix: str = ENDPOINT_LOGS,
) -> iam.Role:
    """Make the role that SageMaker takes on to run an endpoint.

    Parameters
    ----------
    scope : Construct
        Where it belongs.
    read_arns, written_arns : sequence of str
        S3 objects that it may read and write.
    log_group : aws_cdk.aws_logs.ILogGroup
        The endpoint's, or its component's.
    repository_arn : str or None
        Where the image is pulled from.
    alarm_arns : sequence of str
        Those that undo an update: SageMaker watches them with this role.
    logs_prefix : str
        Where SageMaker keeps such log groups; metrics of the machine have a namespace of this name.

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
    ]
    if alarm_arns:
        watch = ["cloudwatch:DescribeAlarms"]
        statements.append(iam.PolicyStatement(sid="WatchAlarms", actions=watch, resources=list(alarm_arns)))
    if written_arns:
        statements.append(iam.PolicyStatement(sid="WriteData", actions=["s3:PutObject"], resources=list(written_arns)))
    return sagemaker_role(
        scope,
        "Role",
        policy="Endpoint",
        statements=statements,
        namespaces=["AWS/SageMaker", logs_prefix.rstrip("/")],
        repository_arn=repository_arn,
    )
