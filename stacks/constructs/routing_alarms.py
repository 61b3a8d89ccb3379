"""Alarms for what nobody would see otherwise: failed and timed-out executions, and pictures that wait for a redrive."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

_MINUTES_5 = Duration.minutes(5)


class RoutingAlarms(Construct):
    """Three alarms; subscribe to them where you are told of things.

    Parameters
    ----------
    machine : sfn.StateMachine
        The routing machine. An Express execution that times out leaves no other trace.
    faults : sqs.Queue
        The fault queue.
    """

    def __init__(self, scope: Construct, construct_id: str, *, machine: sfn.StateMachine, faults: sqs.Queue) -> None:
        super().__init__(scope, construct_id)
        metrics = {
            "Failed": machine.metric_failed(period=_MINUTES_5),
            "TimedOut": machine.metric_timed_out(period=_MINUTES_5),
            "Parked": faults.metric_approximate_number_of_messages_visible(period=_MINUTES_5),
        }
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
