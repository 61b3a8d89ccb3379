"""Where decisions go: a queue per route with its dead-letter queue, the bus, and the idempotency table."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from signpost.settings.file import Settings
from stepfunctions.routing import substitution

_KEPT = Duration.days(14)


def bus_name(app: str) -> str:
    """Name the bus that decisions and models are announced on.

    Parameters
    ----------
    app : str
        ``app.name`` of the settings.

    Returns
    -------
    str
    """
    return f"{app}-decisions"


class Dispatch(Construct):
    """Queues, bus and table.

    Parameters
    ----------
    settings : Settings
        Its routes give the queues.
    removal_policy : RemovalPolicy
        What becomes of the table when the stack is deleted.

    Attributes
    ----------
    queues : dict of str to sqs.Queue
        By the name that the routing machine knows them by: one a route, ``QueueReview``, ``QueueRejected``.
    faults : sqs.Queue
        References of pictures whose execution failed.
    bus : events.EventBus
        Gets an ``ImageRouted`` event for each decision.
    table : dynamodb.Table
        One item per decision.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, removal_policy: RemovalPolicy
    ) -> None:
        super().__init__(scope, construct_id)
        self._app = settings.app.name
        parts = [("review",), ("rejected",)]
        parts += [(name, route) for name, classifier in settings.classifiers.items() for route in classifier.routes]
        self.queues = {substitution("Queue", *part): self._with_dead_letters(*part) for part in parts}
        self.faults = self._queue("QueueFaults", f"{self._app}-faults")
        self.bus = events.EventBus(self, "Bus", event_bus_name=bus_name(self._app))
        self.table = dynamodb.Table(
            self,
            "Decisions",
            partition_key=dynamodb.Attribute(name="decision_id", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            time_to_live_attribute="expires_at",
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            removal_policy=removal_policy,
        )

    def _with_dead_letters(self, *parts: str) -> sqs.Queue:
        name = "-".join((self._app, *parts))
        dead = self._queue(substitution("DeadLetters", *parts), f"{name}-dead-letters")
        policy = sqs.DeadLetterQueue(queue=dead, max_receive_count=5)
        return self._queue(substitution("Queue", *parts), name, policy)

    def _queue(self, construct_id: str, name: str, dead_letters: sqs.DeadLetterQueue | None = None) -> sqs.Queue:
        return sqs.Queue(
            self,
            construct_id,
            queue_name=name,
            enforce_ssl=True,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            retention_period=_KEPT,
            visibility_timeout=Duration.minutes(5),
            dead_letter_queue=dead_letters,
        )
