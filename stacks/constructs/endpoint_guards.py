"""What watches an endpoint's updates: the alarms that roll one back."""

from __future__ import annotations

from aws_cdk import ArnFormat, Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from signpost.aws.guardrails import has_known_pictures, rollback_alarm_names
from signpost.model.known_pictures import DIMENSION, METRIC
from signpost.settings.file import Classifier, Hosting
from stacks.constructs.python_function import METRICS_NAMESPACE

# A picture takes milliseconds, so a second says that something is wrong with the model.
_SLOW_US = 1_000_000


def rollback_alarm_arns(scope: Construct, endpoint_name: str, classifier: Classifier) -> list[str]:
    """Name the alarms that undo a bad update; a serverless endpoint has no such updates.

    Parameters
    ----------
    scope : Construct
        In the stack of the endpoint, or another one of its account and region.
    endpoint_name : str
    classifier : Classifier
        Behind the endpoint.

    Returns
    -------
    list of str
        ARNs.
    """
    if classifier.hosting is Hosting.SERVERLESS:
        return []
    names = rollback_alarm_names(endpoint_name, known_pictures=has_known_pictures(classifier)).values()
    style = ArnFormat.COLON_RESOURCE_NAME
    return [
        Stack.of(scope).format_arn(service="cloudwatch", resource="alarm", resource_name=name, arn_format=style)
        for name in names
    ]


def rollback_alarms(
    scope: Construct, endpoint_name: str, dimensions: dict[str, str], *, known_pictures: bool
) -> list[cloudwatch.Alarm]:
    """Make the alarms that undo a bad update.

    Parameters
    ----------
    scope : Construct
        Where they belong.
    endpoint_name : str
        What they watch. The endpoint need not exist yet.
    dimensions : dict of str to str
        Of its metrics: those of a variant, or of an inference component.
    known_pictures : bool
        Whether known pictures are asked while it is updated.

    Returns
    -------
    list of aws_cdk.aws_cloudwatch.Alarm
        Two minutes in a row with errors of the container, or with slow answers; and one known picture that got a
        wrong answer. An idle endpoint sends no data and must not count as broken: CloudFormation would undo every
        update made at night.
    """
    errors = endpoint_metric("Invocation5XXErrors", "Sum", dimensions)
    latency = endpoint_metric("ModelLatency", "p99", dimensions)
    wrong = _metric(METRICS_NAMESPACE, METRIC, "Maximum", {DIMENSION: endpoint_name})
    watched = {
        "ServerErrors": (errors, 1, 2, "the container failed"),
        "SlowAnswers": (latency, _SLOW_US, 2, "the slowest 1 % of answers took more than a second"),
        "KnownPictures": (wrong, 1, 1, "a known picture was answered wrongly"),
    }
    return [
        cloudwatch.Alarm(
            scope,
            construct_id,
            # Named here, for the training machine to know them.
            alarm_name=name,
            alarm_description=f"{endpoint_name}: {watched[construct_id][3]}. Rolls an update back.",
            metric=watched[construct_id][0],
            threshold=watched[construct_id][1],
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            evaluation_periods=watched[construct_id][2],
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        for construct_id, name in rollback_alarm_names(endpoint_name, known_pictures=known_pictures).items()
    ]


def endpoint_metric(name: str, statistic: str, dimensions: dict[str, str]) -> cloudwatch.Metric:
    """Name what SageMaker itself tells about an endpoint, minute by minute.

    Parameters
    ----------
    name, statistic : str
        Of the metric.
    dimensions : dict of str to str
        Which endpoint.

    Returns
    -------
    aws_cdk.aws_cloudwatch.Metric
    """
    return _metric("AWS/SageMaker", name, statistic, dimensions)


def _metric(namespace: str, name: str, statistic: str, dimensions: dict[str, str]) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map=dimensions,
        statistic=statistic,
        period=Duration.minutes(1),
    )
