"""Uploads start the routing machine: each at once, or through a queue that bounds how many are routed at a time."""
# jsii names the parameters of its interfaces differently from those of its classes.
# pyright: reportArgumentType=false

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from signpost.routing.prefixes import INCOMING
from signpost.settings.file import Settings
from signpost.settings.lambda_config import UploadsConfiguration
from stacks.constructs.python_function import PythonFunction
from stacks.constructs.rights import allow
from stacks.constructs.wheels import BASE
from stacks.stage import Stage

# An execution of the machine lasts less.
_SECONDS = 300
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
_VISIBILITY_SECONDS, _ATTEMPTS = 6 * _SECONDS, 5


class Uploads(Construct):
    """The rule about new objects, and what it starts.

    Parameters
    ----------
    settings : Settings
        Whether and how much is bounded.
    stage : Stage
        Where the function will run.
    incoming : s3.Bucket
        Where images are uploaded.
    machine : sfn.StateMachine
        The routing machine.
    faults : sqs.Queue
        Dead-letter queue of both ways.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        stage: Stage,
        incoming: s3.Bucket,
        machine: sfn.StateMachine,
        faults: sqs.Queue,
    ) -> None:
        super().__init__(scope, construct_id)
        self._app, self._stage, self._machine, self._faults = settings.app.name, stage, machine, faults
        bound = settings.functions.uploads_at_once
        pattern = events.EventPattern(
            source=["aws.s3"],
            detail_type=["Object Created"],
            # Objects that stand for folders are empty, and few of their names have a dot. A pattern can't demand both
            # the beginning "incoming/" and another end than "/"; the folders that pass are ignored by the machine.
            detail={
                "bucket": {"name": [incoming.bucket_name]},
                "$or": [
                    {"object": {"key": [{"prefix": INCOMING}], "size": [{"numeric": [">", 0]}]}},
                    {"object": {"key": [{"wildcard": f"{INCOMING}*.*"}]}},
                ],
            },
        )
        target = targets.SqsQueue(self._bounded(bound), dead_letter_queue=faults) if bound else self._at_once()
        events.Rule(self, "PictureLanded", event_pattern=pattern, targets=[target])

    def _at_once(self) -> targets.SfnStateMachine:
        return targets.SfnStateMachine(
            self._machine, dead_letter_queue=self._faults, retry_attempts=20, max_event_age=Duration.hours(24)
        )

    def _bounded(self, bound: int) -> sqs.Queue:
        """Make the queue, and the function that Lambda invokes for at most so many messages at a time."""
        queue = sqs.Queue(
            self,
            "Queue",
            queue_name=f"{self._app}-uploads",
            enforce_ssl=True,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            retention_period=Duration.days(14),
            visibility_timeout=Duration.seconds(_VISIBILITY_SECONDS),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self._faults, max_receive_count=_ATTEMPTS),
        )
        function = PythonFunction(
            self,
            "Function",
            stage=self._stage,
            handler="uploads",
            function_name=f"{self._app}-uploads",
            configuration=UploadsConfiguration(routing_machine=self._machine.state_machine_arn),
            requirements=BASE,
            memory_mb=256,
            timeout=Duration.seconds(_SECONDS),
        ).function
        allow(function, ["states:StartSyncExecution"], [self._machine.state_machine_arn])
        allow(function, ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], [queue.queue_arn])
        mapping = lambda_.CfnEventSourceMapping(
            self,
            "Mapping",
            event_source_arn=queue.queue_arn,
            function_name=function.function_name,
            batch_size=1,
            scaling_config=lambda_.CfnEventSourceMapping.ScalingConfigProperty(maximum_concurrency=bound),
        )
        mapping.node.add_dependency(function.role)
        return queue
