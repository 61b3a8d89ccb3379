"""How many instances an endpoint has: by its requests, or by its queue down to none."""
# jsii names the parameters of its interfaces differently from those of its classes.
# pyright: reportArgumentType=false

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Aws, Duration
from aws_cdk import aws_applicationautoscaling as scaling
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from constructs import Construct

from signpost.capture.shadow import PRODUCTION as VARIANT
from signpost.cost.pricing import QUIET_MINUTES
from signpost.settings.endpoint import EndpointSettings
from stacks.constructs.endpoint_guards import endpoint_metric

# Pictures in the queue of an async endpoint that one instance is left to work off.
_BACKLOG_PER_INSTANCE = 5
# Application Auto Scaling takes this role for SageMaker, whatever other it is given.
_SCALING_ROLE = (
    f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:role/aws-service-role/"
    "sagemaker.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
)


def scalable_target(
    scope: Construct, resource_id: str, dimension: str, min_capacity: int, max_capacity: int
) -> scaling.ScalableTarget:
    """Register what is scaled.

    Parameters
    ----------
    scope : Construct
        Of the endpoint.
    resource_id, dimension : str
        The variant or the inference component, and what of it is scaled.
    min_capacity, max_capacity : int
        Instances, or copies.

    Returns
    -------
    aws_cdk.aws_applicationautoscaling.ScalableTarget
    """
    return scaling.ScalableTarget(
        scope,
        "Instances",
        service_namespace=scaling.ServiceNamespace.SAGEMAKER,
        resource_id=resource_id,
        scalable_dimension=dimension,
        min_capacity=min_capacity,
        max_capacity=max_capacity,
        role=iam.Role.from_role_arn(scope, "ScalingRole", _SCALING_ROLE),
    )


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
    """Follow the queue of an async endpoint, and have no instance while no picture comes.

    Parameters
    ----------
    target : aws_cdk.aws_applicationautoscaling.ScalableTarget
        The variant's instances.
    endpoint_name : str
        Whose queue.
    """
    dimensions = {"EndpointName": endpoint_name}
    target.scale_to_track_metric(
        "Backlog",
        custom_metric=endpoint_metric("ApproximateBacklogSizePerInstance", "Average", dimensions),
        target_value=_BACKLOG_PER_INSTANCE,
        scale_out_cooldown=Duration.minutes(5),
        # An instance that keeps up has no backlog, so by this metric it would be ended while pictures still come.
        disable_scale_in=True,
    )
    _from_zero(target, endpoint_metric("HasBacklogWithoutCapacity", "Maximum", dimensions))
    _to_zero(
        target,
        {
            "answered": endpoint_metric("ModelLatency", "SampleCount", {**dimensions, "VariantName": VARIANT}),
            "backlog": endpoint_metric("ApproximateBacklogSize", "Maximum", dimensions),
        },
    )


def scale_on_copies(target: scaling.ScalableTarget, component: str, settings: EndpointSettings) -> None:
    """Keep the requests that each copy gets a minute near the settings' figure, and have none while no picture comes.

    Parameters
    ----------
    target : aws_cdk.aws_applicationautoscaling.ScalableTarget
        The copies of an inference component.
    component : str
        Its name.
    settings : EndpointSettings
        The figure: a copy has an instance of its own.
    """
    dimensions = {"InferenceComponentName": component}
    target.scale_to_track_metric(
        "Invocations",
        predefined_metric=scaling.PredefinedMetric.SAGEMAKER_INFERENCE_COMPONENT_INVOCATIONS_PER_COPY,
        target_value=settings.invocations_per_instance,
        scale_out_cooldown=Duration.minutes(1),
        # A few pictures an hour are below the target, but no reason to have no copy.
        disable_scale_in=True,
    )
    refused = endpoint_metric("NoCapacityInvocationFailures", "Sum", dimensions)
    _from_zero(target, refused)
    _to_zero(target, {"answered": endpoint_metric("Invocations", "Sum", dimensions), "refused": refused})


def _from_zero(target: scaling.ScalableTarget, unanswered: cloudwatch.IMetric) -> None:
    """Ask for one instance when a picture finds none: without any there is nothing to divide a load by."""
    target.scale_on_metric(
        "FirstInstance",
        metric=unanswered,
        adjustment_type=scaling.AdjustmentType.CHANGE_IN_CAPACITY,
        scaling_steps=[scaling.ScalingInterval(lower=1, change=1), scaling.ScalingInterval(upper=0, change=0)],
        # It takes so long to start; pictures that find none meanwhile ask for no second one.
        cooldown=Duration.minutes(10),
    )


def _to_zero(target: scaling.ScalableTarget, pictures: Mapping[str, cloudwatch.IMetric]) -> None:
    """End all instances after some minutes in which no picture came, and none waited for an instance to start."""
    idle = scaling.StepScalingAction(
        target,
        "Idle",
        scaling_target=target,
        adjustment_type=scaling.AdjustmentType.EXACT_CAPACITY,
    )
    idle.add_adjustment(adjustment=0, upper_bound=0)
    alarm = cloudwatch.Alarm(
        target,
        "NoPictures",
        alarm_description=f"No picture for {QUIET_MINUTES} minutes: ends the instances.",
        metric=cloudwatch.MathExpression(
            # SageMaker leaves out the minutes in which there is nothing to count.
            expression=" + ".join(f"FILL({name}, 0)" for name in pictures),
            using_metrics=dict(pictures),
            period=Duration.minutes(1),
        ),
        threshold=1,
        comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
        evaluation_periods=QUIET_MINUTES,
        # FILL has nothing to fill for a metric that never had a value: an endpoint that was never invoked.
        treat_missing_data=cloudwatch.TreatMissingData.BREACHING,
    )
    alarm.add_alarm_action(actions.ApplicationScalingAction(idle))
