"""Log groups: kept for a month, and gone with their stack."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs
from constructs import Construct


def month_of_logs(scope: Construct, name: str, construct_id: str = "Logs") -> logs.LogGroup:
    """Make a log group.

    Parameters
    ----------
    scope : Construct
        What it belongs to.
    name : str
        Of the log group.
    construct_id : str
        As for every construct.

    Returns
    -------
    aws_cdk.aws_logs.LogGroup
    """
    return logs.LogGroup(
        scope,
        construct_id,
        log_group_name=name,
        retention=logs.RetentionDays.ONE_MONTH,
        removal_policy=RemovalPolicy.DESTROY,
    )
