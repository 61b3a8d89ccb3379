"""A role that SageMaker takes on for one endpoint or training job."""
# jsii names the parameters of its interfaces differently from those of its classes.
# pyright: reportArgumentType=false

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.constructs.acknowledge import acknowledge


def sagemaker_role(
    scope: Construct,
    construct_id: str,
    *,
    policy: str,
    statements: Sequence[iam.PolicyStatement],
    namespaces: Sequence[str],
    repository_arn: str | None,
) -> iam.Role:
    """Make a role that may also write its own metrics and pull its own image.

    Parameters
    ----------
    scope, construct_id
        Where it belongs.
    policy : str
        Name of its policy.
    statements : sequence of aws_cdk.aws_iam.PolicyStatement
        What else it may do.
    namespaces : sequence of str
        Of the metrics.
    repository_arn : str or None
        ECR repository of the image; None where the image is not in ECR.

    Returns
    -------
    aws_cdk.aws_iam.Role
    """
    metrics = iam.PolicyStatement(
        sid="WriteMetrics",
        actions=["cloudwatch:PutMetricData"],
        resources=["*"],
        conditions={"StringEquals": {"cloudwatch:namespace": list(namespaces)}},
    )
    role = iam.Role(
        scope,
        construct_id,
        assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"),
        # Inside the role, so that it is complete before SageMaker first takes it on.
        inline_policies={policy: iam.PolicyDocument(statements=[*statements, metrics, *_pull(repository_arn)])},
    )
    acknowledge(
        role,
        {
            "IAM5[Resource::*]": "PutMetricData and GetAuthorizationToken know no resources; the metrics are held to "
            "SageMaker's namespaces."
        },
    )
    return role


def _pull(repository_arn: str | None) -> list[iam.PolicyStatement]:
    if not repository_arn:
        return []
    pull = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    return [
        iam.PolicyStatement(sid="PullImage", actions=pull, resources=[repository_arn]),
        iam.PolicyStatement(sid="LogInToEcr", actions=["ecr:GetAuthorizationToken"], resources=["*"]),
    ]
