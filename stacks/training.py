"""The training stack: for each classifier that is trained in the cloud, a model registry, roles and a machine."""

from __future__ import annotations

from aws_cdk import CfnOutput, IStackSynthesizer, Stack
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from signpost.routing.prefixes import DATA, JOBS, PREPARED
from signpost.settings.file import Hosting, Settings
from signpost.settings.training import TrainingSettings
from stacks.constructs.acknowledge import acknowledge, any_object, any_of
from stacks.constructs.container_image import TRAINING, ContainerImage
from stacks.constructs.corrections_rights import allow_corrections
from stacks.constructs.endpoint_config import ASYNC_ERRORS, ASYNC_OUTPUT
from stacks.constructs.model_package import any_package_arn
from stacks.constructs.rights import allow
from stacks.constructs.training_functions import TrainingFunctions
from stacks.constructs.training_pipeline import TrainingPipeline
from stacks.routing import RoutingStack
from stacks.stage import Stage
from stacks.storage import StorageStack

_EACH_DEPLOYMENT = "Each deployment of a model has its own key; an update that is rolled back leaves an earlier one."


class TrainingStack(Stack):
    """Trains classifiers and ships what passes.

    Parameters
    ----------
    scope, construct_id
        As for every stack.
    settings : Settings
        The classifiers; only those with a ``training`` table are trained.
    stage : Stage
        Names the container image, or has it built.
    storage : StorageStack
        The buckets.
    routing : RoutingStack
        Has the endpoints to update, and the bus that models are announced on.
    synthesizer
        How assets are published; None is the CDK's default.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        stage: Stage,
        storage: StorageStack,
        routing: RoutingStack,
        synthesizer: IStackSynthesizer | None = None,
    ) -> None:
        title = f"{settings.app.name}: training"
        super().__init__(scope, construct_id, description=title, synthesizer=synthesizer)
        # Nothing of theirs is imported: an export that is in use could not be changed.
        self.add_stack_dependency(routing)
        self._stage, self._storage, self._endpoints, self._settings = stage, storage, routing.endpoints, settings
        self._image = ContainerImage(self, "Image", TRAINING)
        if settings.trained:
            self._functions = TrainingFunctions(
                self, "Functions", app=settings.app.name, formats=settings.limits.formats, stage=stage
            )
            for name, training in settings.trained.items():
                self._train(name, training)
            self._grant_functions()

    def _train(self, name: str, training: TrainingSettings) -> None:
        title = name.title().replace("-", "")
        image_uri, repository_arn = self._image.resolve(training.image_uri or self._stage.training_image)
        pipeline = TrainingPipeline(
            self,
            f"Train{title}",
            settings=self._settings,
            classifier=name,
            image_uri=image_uri,
            repository_arn=repository_arn,
            endpoint_name=self._endpoint_name(name),
            serving_repository_arn=self._endpoints.repositories.get(name),
            functions=self._functions,
            storage=self._storage,
        )
        CfnOutput(self, f"{title}TrainingMachine", value=pipeline.machine.machine.state_machine_arn)
        CfnOutput(self, f"{title}ModelPackages", value=pipeline.model_package_group)

    def _grant_functions(self) -> None:
        models, functions = self._storage.models, self._functions
        data, jobs = ([f"{folder}{name}/" for name in self._settings.trained] for folder in (DATA, JOBS))
        _read(functions.check_data, [models.arn_for_objects(f"{folder}*") for folder in data])
        # Without it, S3 answers 403 instead of 404 for a missing key.
        allow(functions.check_data, ["s3:ListBucket"], [models.bucket_arn])
        allow_corrections(functions.collect_corrections, self._settings, self._storage)
        left = [models.arn_for_objects(f"{folder}*") for folder in jobs]
        served = [name for name in self._settings.trained if name in self._endpoints.names]
        shipped = [any_package_arn(self._settings.app.name, name) for name in served]
        _read(functions.evaluate, [*left, *shipped])
        _read(functions.smoke_test, left)
        for function in (functions.evaluate, functions.smoke_test):
            allow(function, ["s3:ListBucket"], [models.bucket_arn])
        for name in self._settings.trained:
            self._grant_endpoint(name)
        folders = {any_object(models, folder): "The folders of the trained classifiers." for folder in (*data, *jobs)}
        acknowledge(functions, folders | {any_of(self, arn): _EACH_DEPLOYMENT for arn in shipped})

    def _endpoint_name(self, name: str) -> str | None:
        """Name the endpoint that the machine updates; None where it only registers models."""
        ships = self._settings.classifiers[name].hosting.ships
        return self._endpoints.names.get(name) if ships else None

    def _grant_endpoint(self, name: str) -> None:
        """Let the smoke-test ask an endpoint."""
        endpoint_name = self._endpoint_name(name)
        if not endpoint_name:
            return
        function = self._functions.smoke_test
        endpoint = self.format_arn(service="sagemaker", resource="endpoint", resource_name=endpoint_name)
        if self._settings.classifiers[name].hosting is not Hosting.ASYNC:
            allow(function, ["sagemaker:InvokeEndpoint"], [endpoint])
            return
        captured, decisions = self._storage.captured, self._storage.decisions
        answers = [f"{folder}/{endpoint_name}/" for folder in (ASYNC_OUTPUT, ASYNC_ERRORS)]
        allow(function, ["sagemaker:InvokeEndpointAsync"], [endpoint])
        allow(function, ["s3:PutObject"], [decisions.arn_for_objects(f"{PREPARED}*")])
        _read(function, [captured.arn_for_objects(f"{folder}*") for folder in answers])
        allow(function, ["s3:ListBucket"], [captured.bucket_arn])  # to be told 404 while there is no answer yet
        made = {any_object(decisions, PREPARED): "Names of prepared pictures are made at run time."}
        acknowledge(self._functions, made | {any_object(captured, f): "SageMaker names its answers." for f in answers})


def _read(function: lambda_.Function, arns: list[str]) -> None:
    allow(function, ["s3:GetObject"], arns)
