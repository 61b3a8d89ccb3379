"""What watches an endpoint: the alarms that roll an update back, and the scaling of its instances."""

from __future__ import annotations

from aws_cdk import ArnFormat, Duration, Stack
from aws_cdk import aws_applicationautoscaling as scaling
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from signpost.guardrails import rollback_alarm_names
from signpost.settings import EndpointSettings, Hosting

NAMESPACE = "AWS/SageMaker"
# A picture takes milliseconds, so a second says that something is wrong with the model.
_SLOW_US = 1_000_000
# Pictures in the queue of an async endpoint that one instance is left to work off.
_BACKLOG_PER_INSTANCE = 5


def rollback_alarm_arns(scope: Construct, endpoint_name: str, hosting: Hosting) -> list[str]:
    """Name the alarms that undo a bad update; a serverless endpoint has no such updates.

    Parameters
    ----------
    scope : Construct
        In the stack of the endpoint, or another one of its account and region.
    endpoint_name : str
    hosting : Hosting

    Returns
    -------
    list of str
        ARNs.
    """
    names = [] if hosting is Hosting.SERVERLESS else rollback_alarm_names(endpoint_name).values()
    style = ArnFormat.COLON_RESOURCE_NAME
    return [
        Stack.of(scope).format_arn(service="cloudwatch", resource="alarm", resource_name=name, arn_format=style)
        for name in names
    ]


def rollback_alarms(scope: Construct, endpoint_name: str, variant: str) -> list[cloudwatch.Alarm]:
    """Make the alarms that undo a bad update.

    Parameters
    ----------
    scope : Construct
        Where they belong.
    endpoint_name, variant : str
        What they watch. The endpoint need not exist yet.

    Returns
    -------
    list of aws_cdk.aws_cloudwatch.Alarm
        Two minutes in a row with errors of the container, or with slow answers. An idle endpoint sends no data and
        must not count as broken: CloudFormation would undo every update made at night.
    """
    dimensions = {"EndpointName": endpoint_name, "VariantName": variant}
    watched = {
        "ServerErrors": ("Invocation5XXErrors", "Sum", 1, "the container failed"),
        "SlowAnswers": ("ModelLatency", "p99", _SLOW_US, "the slowest 1 % of answers took more than a second"),
    }
    names = rollback_alarm_names(endpoint_name)
    return [
        cloudwatch.Alarm(
            scope,
            construct_id,
            # Named here, for the training machine to know them.
            alarm_name=names[construct_id],
            alarm_description=f"{endpoint_name}: {meaning}. Rolls an update back.",
            metric=cloudwatch.Metric(
                namespace=NAMESPACE,
                metric_name=metric,
                dimensions_map=dimensions,
                statistic=statistic,
                period=Duration.minutes(1),
            ),
            threshold=threshold,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            evaluation_periods=2,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        for construct_id, (metric, statistic, threshold, meaning) in watched.items()
    ]


def scale_on_invocations(target: scaling.ScalableTarget, settings: EndpointSettings) -> None:
    """Keep the requests that each instance gets a minute near the settings' figure.

    Parameters
    ----------
    target : aws_cdk.aws_applicationautoscaling.ScalableTarget
        The variant's instances.
    settings : EndpointSettings
        The figure.
    """
    target.scale_to_track_metric(
        "Invocations",
        predefined_metric=scaling.PredefinedMetric.SAGEMAKER_VARIANT_INVOCATIONS_PER_INSTANCE,
        target_value=settings.invocations_per_instance,
        scale_out_cooldown=Duration.minutes(1),
        scale_in_cooldown=Duration.minutes(5),
    )


def scale_on_backlog(target: scaling.ScalableTarget, endpoint_name: str) -> None:
    """Follow the queue of an async endpoint, down to no instance at all.

    Parameters
    ----------
    target : aws_cdk.aws_applicationautoscaling.ScalableTarget
        The variant's instances.
    endpoint_name : str
        Whose queue.
    """

    def metric(name: str, statistic: str) -> cloudwatch.Metric:
        dimensions = {"EndpointName": endpoint_name}
        return cloudwatch.Metric(
            namespace=NAMESPACE,
            metric_name=name,
            dimensions_map=dimensions,
            statistic=statistic,
            period=Duration.minutes(1),
        )

    target.scale_to_track_metric(
        "Backlog",
        custom_metric=metric("ApproximateBacklogSizePerInstance", "Average"),
        target_value=_BACKLOG_PER_INSTANCE,
        scale_out_cooldown=Duration.minutes(5),
        scale_in_cooldown=Duration.minutes(10),
    )
    # With no instance there is no backlog per instance: the first picture in the queue asks for one.
    target.scale_on_metric(
        "FirstInstance",
        metric=metric("HasBacklogWithoutCapacity", "Maximum"),
        adjustment_type=scaling.AdjustmentType.CHANGE_IN_CAPACITY,
        scaling_steps=[scaling.ScalingInterval(lower=1, change=1), scaling.ScalingInterval(upper=0, change=0)],
        cooldown=Duration.minutes(5),
    )
