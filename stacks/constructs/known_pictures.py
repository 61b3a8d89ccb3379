"""Asks known pictures while an endpoint is updated, so that a model that answers wrongly does not stay."""
# jsii names the parameters of its interfaces differently from those of its classes.
# pyright: reportArgumentType=false

from __future__ import annotations

from pathlib import Path

from aws_cdk import Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.constructs.python_function import METRICS_NAMESPACE, PythonFunction
from stacks.constructs.wheels import BASE
from stacks.stage import Stage

_SECONDS = 900


class KnownPictures(Construct):
    """A function that SageMaker's own event starts when an update begins; between updates it costs nothing.

    Parameters
    ----------
    scope, construct_id
        As for every construct.
    stage : Stage
        Where the function will run.
    function_name : str
        Its name.
    endpoint_name : str
        Whom it asks. The endpoint need not exist yet.
    model : Path
        Folder of the model package, with known pictures.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, stage: Stage, function_name: str, endpoint_name: str, model: Path
    ) -> None:
        super().__init__(scope, construct_id)
        function = PythonFunction(
            self,
            "Watch",
            stage=stage,
            handler="known_pictures",
            function_name=function_name,
            configuration=None,
            requirements=BASE,
            memory_mb=256,
            timeout=Duration.seconds(_SECONDS),
            known_pictures=model,
        ).function
        endpoint = Stack.of(self).format_arn(service="sagemaker", resource="endpoint", resource_name=endpoint_name)
        asked = ["sagemaker:InvokeEndpoint", "sagemaker:DescribeEndpoint"]
        function.add_to_role_policy(iam.PolicyStatement(actions=asked, resources=[endpoint]))
        function.add_to_role_policy(
            iam.PolicyStatement(
                actions=["cloudwatch:PutMetricData"],
                resources=["*"],  # knows none
                conditions={"StringEquals": {"cloudwatch:namespace": METRICS_NAMESPACE}},
            )
        )
        pattern = events.EventPattern(
            source=["aws.sagemaker"],
            detail_type=["SageMaker Endpoint State Change"],
            detail={"EndpointName": [endpoint_name], "EndpointStatus": ["UPDATING"]},
        )
        events.Rule(self, "UpdateBegins", event_pattern=pattern, targets=[targets.LambdaFunction(function)])
