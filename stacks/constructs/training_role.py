"""The role of a training job: read archives and corrected images, write what it leaves, keep checkpoints, log."""
# jsii names the parameters of its interfaces differently from those of its classes.
# pyright: reportArgumentType=false

from __future__ import annotations

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from signpost.routing.prefixes import CHECKPOINTS, CORRECTED, DATA, JOBS
from stacks.constructs.acknowledge import acknowledge, any_object
from stacks.constructs.sagemaker_role import sagemaker_role

_LOG_GROUP = "/aws/sagemaker/TrainingJobs"


def training_role(
    scope: Construct, construct_id: str, *, classifier: str, models: s3.IBucket, repository_arn: str | None
) -> iam.Role:
    """Make the role that SageMaker takes on to train a classifier.

    Parameters
    ----------
    scope, construct_id
        Where it belongs.
    classifier : str
        Names its folders in the bucket.
    models : aws_cdk.aws_s3.IBucket
        Archives, checkpoints and what jobs leave.
    repository_arn : str or None
        ECR repository of the image; None where the image is not in ECR.

    Returns
    -------
    aws_cdk.aws_iam.Role
    """
    folders = [f"{folder}{classifier}/" for folder in (DATA, CORRECTED, JOBS, CHECKPOINTS)]
    data, corrected, jobs, checkpoints = folders
    stack = Stack.of(scope)
    log_group = stack.format_arn(
        service="logs", resource="log-group", resource_name=_LOG_GROUP, arn_format=ArnFormat.COLON_RESOURCE_NAME
    )
    kept = models.arn_for_objects(f"{checkpoints}*")
    statements = [
        iam.PolicyStatement(
            sid="ReadData",
            actions=["s3:GetObject"],
            resources=[models.arn_for_objects(f"{folder}*") for folder in (data, corrected)],
        ),
        iam.PolicyStatement(sid="WriteModel", actions=["s3:PutObject"], resources=[models.arn_for_objects(f"{jobs}*")]),
        iam.PolicyStatement(
            sid="KeepCheckpoints", actions=["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], resources=[kept]
        ),
        iam.PolicyStatement(
            sid="ListFolders",
            actions=["s3:ListBucket"],
            resources=[models.bucket_arn],
            conditions={"StringLike": {"s3:prefix": [f"{folder}*" for folder in folders]}},
        ),
        iam.PolicyStatement(
            sid="WriteLog",
            actions=["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            resources=[log_group, f"{log_group}:*"],  # the group itself, and its streams
        ),
    ]
    role = sagemaker_role(
        scope,
        construct_id,
        policy="Training",
        statements=statements,
        namespaces=[_LOG_GROUP],
        repository_arn=repository_arn,
    )
    own = {any_object(models, folder): "The classifier's own folder." for folder in folders}
    streams = f"IAM5[Resource::arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:{_LOG_GROUP}:*]"
    acknowledge(
        role, own | {streams: "SageMaker gives all training jobs one log group, and names a job's streams itself."}
    )
    return role
