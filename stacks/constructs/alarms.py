"""Alarms for what nobody would see otherwise."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct


class Alarms(Construct):
    """An alarm for each metric, at the first one counted; subscribe to them where you are told of things.

    Parameters
    ----------
    metrics : mapping of str to cloudwatch.IMetric
        What is watched, by the alarms' construct ids.
    """

    def __init__(self, scope: Construct, construct_id: str, *, metrics: Mapping[str, cloudwatch.IMetric]) -> None:
        super().__init__(scope, construct_id)
        for name, metric in metrics.items():
            cloudwatch.Alarm(
                self,
                name,
                metric=metric,
                threshold=1,
                evaluation_periods=1,
                comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
                treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            )
