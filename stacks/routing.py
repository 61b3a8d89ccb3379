"""The routing stack: functions, queues, bus, idempotency table, both state machines, and the rule that starts them."""

# jsii names the parameters of its interfaces differently from those of its classes.
# pyright: reportArgumentType=false

from __future__ import annotations

from aws_cdk import ArnFormat, CfnOutput, Duration, IStackSynthesizer, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from signpost.routing.prefixes import BATCH_ITEMS, BATCHES, DECISIONS, PREPARED
from signpost.settings.file import Settings
from stacks.constructs.acknowledge import acknowledge, any_object
from stacks.constructs.alarms import Alarms
from stacks.constructs.dispatch import Dispatch
from stacks.constructs.endpoint_rights import allow_invocation
from stacks.constructs.endpoints import Endpoints
from stacks.constructs.machine import Machine
from stacks.constructs.pipeline_functions import PipelineFunctions
from stacks.constructs.rights import allow
from stacks.constructs.uploads import Uploads
from stacks.stage import Stage
from stacks.storage import StorageStack
from stepfunctions import batch, routing, waiting


class RoutingStack(Stack):
    """Routes pictures.

    Parameters
    ----------
    settings : Settings
        Classifiers, routes and limits.
    stage : Stage
        Where this is deployed to.
    storage : StorageStack
        The buckets.
    synthesizer
        How assets are published, not shared with other stacks; None is the CDK's default.

    Attributes
    ----------
    endpoints : Endpoints
        Of the classifiers that have one.
    functions : PipelineFunctions
        Serialize, Classify and Filter.
    dispatch : Dispatch
        Queues, bus and table.
    routing, batch : Machine
        The state machines.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        stage: Stage,
        storage: StorageStack,
        synthesizer: IStackSynthesizer | None = None,
    ) -> None:
        super().__init__(scope, construct_id, synthesizer=synthesizer)
        if synthesizer:
            # CDK binds a copy of it, which jsii cannot tell from the object that was passed.
            synthesizer.bind(self)
        self._settings, self._storage = settings, storage
        self.endpoints = Endpoints(
            self,
            "Endpoints",
            settings=settings,
            stage=stage,
            storage=storage,
            publisher=synthesizer or self.synthesizer,
        )
        named = [f"arn:aws:s3:::{bucket}" for bucket in settings.app.source_buckets]
        self._source_arns = [storage.incoming.bucket_arn, *named]
        self._batch_name = f"{settings.app.name}-batch"
        self.functions = PipelineFunctions(
            self,
            "Functions",
            settings=settings,
            stage=stage,
            incoming=storage.incoming,
            decisions=storage.decisions,
            endpoint_names=self.endpoints.names,
        )
        self.dispatch = Dispatch(self, "Dispatch", settings=settings, removal_policy=stage.removal_policy)
        self._grant_functions()
        self.routing = self._routing_machine()
        if settings.sleeps:
            self._waiting_machine()
        self.batch = self._batch_machine()
        Uploads(
            self,
            "Uploads",
            settings=settings,
            stage=stage,
            incoming=storage.incoming,
            machine=self.routing.machine,
            faults=self.dispatch.faults,
        )
        self._alarms()
        self._outputs()
        self._acknowledge()

    def _alarms(self) -> None:
        machine, faults, minutes = self.routing.machine, self.dispatch.faults, Duration.minutes(5)
        metrics = {
            "Failed": machine.metric_failed(period=minutes),
            # An Express execution that times out leaves no other trace.
            "TimedOut": machine.metric_timed_out(period=minutes),
            "Parked": faults.metric_approximate_number_of_messages_visible(period=minutes),
        }
        Alarms(self, "Alarms", metrics=metrics)

    def _grant_functions(self) -> None:
        prepared = [self._storage.decisions.arn_for_objects(f"{PREPARED}*")]
        objects = [f"{arn}/*" for arn in self._source_arns]
        serialize, read_batch = self.functions.serialize, self.functions.read_batch
        allow(read_batch, ["s3:ListBucket"], self._source_arns)
        allow(read_batch, ["s3:GetObject"], objects)
        allow(read_batch, ["s3:PutObject"], [self._storage.decisions.arn_for_objects(f"{BATCH_ITEMS}*")])
        allow(serialize, ["s3:GetObject", "s3:GetObjectVersion"], objects)
        # Without it, S3 answers 403 instead of 404 for a missing key.
        allow(serialize, ["s3:ListBucket"], self._source_arns)
        allow(serialize, ["s3:PutObject"], prepared)
        for name, function in self.functions.classify.items():
            allow(function, ["s3:GetObject"], prepared)
            if endpoint := self.endpoints.names.get(name):
                hosting = self._settings.classifiers[name].hosting
                allow_invocation(function, endpoint, hosting, self._storage)
                # The function gets its new configuration only when the endpoint in it exists.
                function.node.add_dependency(self.endpoints.by_classifier[name])

    def _routing_machine(self) -> Machine:
        dispatch, decisions = self.dispatch, self._storage.decisions
        queues = {**dispatch.queues, "QueueFaults": dispatch.faults}
        machine = Machine(
            self,
            "Routing",
            name=f"{self._settings.app.name}-routing",
            definition=routing.build(self._settings),
            substitutions={
                **self.functions.arns,
                **{name: queue.queue_url for name, queue in queues.items()},
                "IdempotencyTable": dispatch.table.table_name,
                "DecisionsBucket": decisions.bucket_name,
                "EventBus": dispatch.bus.event_bus_name,
                **({"WaitingMachine": self._waiting_arn} if self._settings.sleeps else {}),
            },
            machine_type=sfn.StateMachineType.EXPRESS,
        )
        if self._settings.sleeps:
            machine.allow(["states:StartExecution"], [self._waiting_arn])
        machine.allow(["lambda:InvokeFunction"], list(self.functions.arns.values()))
        machine.allow(["sqs:SendMessage"], [queue.queue_arn for queue in queues.values()])
        table = ["dynamodb:GetItem", "dynamodb:UpdateItem"]
        machine.allow(table, [dispatch.table.table_arn])
        machine.allow(["s3:PutObject"], [decisions.arn_for_objects(f"{DECISIONS}*")])
        machine.allow(["events:PutEvents"], [dispatch.bus.event_bus_arn])
        return machine

    @property
    def _waiting_arn(self) -> str:
        """Written out: the two machines start each other, and neither can wait for the other's ARN."""
        return self._states_arn("stateMachine", waiting.machine_name(self._settings.app.name))

    def _waiting_machine(self) -> None:
        routing_arn, faults = self.routing.machine.state_machine_arn, self.dispatch.faults
        machine = Machine(
            self,
            "Waiting",
            name=waiting.machine_name(self._settings.app.name),
            definition=waiting.build(),
            substitutions={"RoutingMachine": routing_arn, "QueueFaults": faults.queue_url},
            machine_type=sfn.StateMachineType.STANDARD,
        )
        machine.allow(["states:StartSyncExecution"], [routing_arn])
        machine.allow(["sqs:SendMessage"], [faults.queue_arn])

    def _batch_machine(self) -> Machine:
        decisions = self._storage.decisions
        routing_arn, name = self.routing.machine.state_machine_arn, self._batch_name
        machine = Machine(
            self,
            "Batch",
            name=name,
            definition=batch.build(self._settings),
            substitutions={
                "ReadBatch": self.functions.read_batch.function_arn,
                "DecisionsBucket": decisions.bucket_name,
                "RoutingMachine": routing_arn,
                "QueueFaults": self.dispatch.faults.queue_url,
            },
            machine_type=sfn.StateMachineType.STANDARD,
        )
        machine.allow(["lambda:InvokeFunction"], [self.functions.read_batch.function_arn])
        machine.allow(
            ["s3:PutObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"],
            [decisions.arn_for_objects(f"{BATCHES}*")],
        )
        machine.allow(["states:StartSyncExecution"], [routing_arn])
        machine.allow(["sqs:SendMessage"], [self.dispatch.faults.queue_arn])
        # A distributed map starts itself; its ARN is written out because a policy can't wait for the machine it is for.
        machine.allow(["states:StartExecution"], [self._states_arn("stateMachine", name)])
        # AWS documents both forms: the map's own executions, and those of the machine.
        runs = [self._states_arn("execution", f"{name}{form}") for form in ("/*", ":*")]
        machine.allow(["states:DescribeExecution", "states:StopExecution"], runs)
        return machine

    def _states_arn(self, resource: str, name: str) -> str:
        form = ArnFormat.COLON_RESOURCE_NAME
        return self.format_arn(service="states", resource=resource, resource_name=name, arn_format=form)

    def _acknowledge(self) -> None:
        """Say why the findings of the AWS Solutions rules stand."""
        incoming, decisions = self._storage.incoming, self._storage.decisions
        sources = {any_object(incoming, ""): "Any picture of the bucket may be routed."}
        sources |= {
            f"IAM5[Resource::arn:aws:s3:::{name}/*]": "A bucket that signpost.toml names as a source of pictures."
            for name in self._settings.app.source_buckets
        }
        prepared = {any_object(decisions, PREPARED): "Names of prepared pictures are made at run time."}
        acknowledge(_role(self.functions.serialize), sources | prepared)
        for function in self.functions.classify.values():
            acknowledge(_role(function), prepared)
        acknowledge(self.routing, {any_object(decisions, DECISIONS): "A decision is named by its id."})
        results = {any_object(decisions, BATCHES): "Step Functions names the results of a map."}
        run = "IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:"
        runs = {f"{run}{self._batch_name}{form}]": "Executions of this very machine." for form in ("/*", ":*")}
        acknowledge(self.batch, results | runs)
        listed = {any_object(decisions, BATCH_ITEMS): "A list is named by the execution that it is for."}
        acknowledge(_role(self.functions.read_batch), sources | listed)
        acknowledge(self.dispatch.faults, {"SQS3": "It is a dead-letter queue itself: see `signpost redrive`."})

    def _outputs(self) -> None:
        values = {
            "RoutingMachine": self.routing.machine.state_machine_arn,
            "BatchMachine": self.batch.machine.state_machine_arn,
            "DecisionsTable": self.dispatch.table.table_name,
            "EventBus": self.dispatch.bus.event_bus_name,
            "QueueFaults": self.dispatch.faults.queue_url,
            **{name: queue.queue_url for name, queue in self.dispatch.queues.items()},
        }
        for name, value in values.items():
            CfnOutput(self, name, value=value)


def _role(function: lambda_.Function) -> iam.IRole:
    assert function.role is not None  # noqa: S101 - every function of this app has a role of its own
    return function.role
