"""One classifier's way from data to a shipped model: registry, roles and machine."""
# jsii names the parameters of its interfaces differently from those of its classes.
# pyright: reportArgumentType=false

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sagemaker as sagemaker
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from signpost.routing.prefixes import JOBS, PREPARED
from signpost.settings.file import Hosting, Settings
from stacks.constructs.acknowledge import acknowledge, any_object
from stacks.constructs.dispatch import bus_name
from stacks.constructs.endpoint_config import written_prefixes
from stacks.constructs.endpoint_guards import rollback_alarm_arns
from stacks.constructs.endpoint_role import ENDPOINT_LOGS, endpoint_role
from stacks.constructs.machine import Machine
from stacks.constructs.training_functions import TrainingFunctions
from stacks.constructs.training_role import training_role
from stacks.storage import StorageStack
from stepfunctions import training

_SAGEMAKER_ONLY = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
# Step Functions hears of the end of a job by a rule that it makes itself.
_RULE = "StepFunctionsGetEventsForSageMakerTrainingJobsRule"


class TrainingPipeline(Construct):
    """Registry, roles and machine.

    Parameters
    ----------
    settings : Settings
        All that is asked for.
    classifier : str
        Which one is trained.
    image_uri, repository_arn : str, str or None
        Container image of the training jobs, and its ECR repository.
    endpoint_name : str or None
        Endpoint to update; None where there is none.
    serving_repository_arn : str or None
        ECR repository of the endpoint's image.
    functions : TrainingFunctions
        What the machine calls.
    storage : StorageStack
        The buckets.

    Attributes
    ----------
    machine : Machine
    model_package_group : str
        Name of the classifier's group in the model registry.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        classifier: str,
        image_uri: str,
        repository_arn: str | None,
        endpoint_name: str | None,
        serving_repository_arn: str | None,
        functions: TrainingFunctions,
        storage: StorageStack,
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings, self._classifier, self._storage = settings, classifier, storage
        self._functions, self._endpoint_name = functions, endpoint_name
        self.model_package_group = f"{settings.app.name}-{classifier}"
        sagemaker.CfnModelPackageGroup(
            self,
            "Packages",
            model_package_group_name=self.model_package_group,
            model_package_group_description=f"Trained models of {classifier} that passed the gate.",
        )
        self._training_role = training_role(
            self, "TrainingRole", classifier=classifier, models=storage.models, repository_arn=repository_arn
        )
        self._model_role = self._serving_role(serving_repository_arn) if endpoint_name else None
        self.machine = self._machine(image_uri)
        self._allow()

    def _serving_role(self, repository_arn: str | None) -> iam.Role:
        """Make the role of trained models behind the endpoint; the endpoint's own role reads its own package only."""
        settings = self._settings.classifiers[self._classifier]
        captured, decisions, models = self._storage.captured, self._storage.decisions, self._storage.models
        written = [f"{p}/{self._endpoint_name}/" for p in written_prefixes(settings.endpoint, settings.hosting)]
        read = [(models, f"{JOBS}{self._classifier}/")]
        read += [(decisions, PREPARED)] if settings.hosting is Hosting.ASYNC else []
        role = endpoint_role(
            self,
            read_arns=[bucket.arn_for_objects(f"{prefix}*") for bucket, prefix in read],
            written_arns=[captured.arn_for_objects(f"{prefix}*") for prefix in written],
            log_group=logs.LogGroup.from_log_group_name(self, "EndpointLogs", f"{ENDPOINT_LOGS}{self._endpoint_name}"),
            repository_arn=repository_arn,
            alarm_arns=self._alarm_arns(),
        )
        folders = [*read, *((captured, prefix) for prefix in written)]
        log = f"arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:{ENDPOINT_LOGS}{self._endpoint_name}"
        acknowledge(
            role,
            {any_object(bucket, prefix): "Names are made at run time." for bucket, prefix in folders}
            | {f"IAM5[Resource::{log}:*]": "The streams of the endpoint's own log group."},
        )
        return role

    def _machine(self, image_uri: str) -> Machine:
        app, name = self._settings.app.name, self._classifier
        values = {
            **{key: function.function_arn for key, function in self._functions.by_substitution.items()},
            "ModelsBucket": self._storage.models.bucket_name,
            "CapturedBucket": self._storage.captured.bucket_name,
            "DecisionsBucket": self._storage.decisions.bucket_name,
            "TrainingRole": self._training_role.role_arn,
            "TrainingImage": image_uri,
            "ModelPackageGroup": self.model_package_group,
            "EventBus": bus_name(app),
        }
        if self._model_role and self._endpoint_name:
            values |= {"Endpoint": self._endpoint_name, "ModelRole": self._model_role.role_arn}
        return Machine(
            self,
            "Machine",
            name=training.machine_name(app, name),
            definition=training.build(self._settings, name),
            substitutions=values,
            machine_type=sfn.StateMachineType.STANDARD,
        )

    def _allow(self) -> None:
        machine, app = self.machine, self._settings.app.name
        prefix = training.job_prefix(app, self._classifier)
        functions = self._functions.by_substitution.values()
        machine.allow(["lambda:InvokeFunction"], [function.function_arn for function in functions])
        job = ["CreateTrainingJob", "DescribeTrainingJob", "StopTrainingJob", "AddTags", "ListTags"]
        machine.allow([f"sagemaker:{action}" for action in job], [self._arn("training-job", f"{prefix}*")])
        rule = ["events:PutTargets", "events:PutRule", "events:DescribeRule"]
        machine.allow(rule, [self._arn("rule", _RULE, service="events")])
        machine.allow(["events:PutEvents"], [self._arn("event-bus", bus_name(app), service="events")])
        group = self.model_package_group
        versions = [self._arn("model-package-group", group), self._arn("model-package", f"{group}/*")]
        actions = ["CreateModelPackage", "DescribeModelPackage", "UpdateModelPackage"]
        machine.allow([f"sagemaker:{action}" for action in actions], versions)
        self._pass_role(self._training_role)
        if self._model_role:
            self._allow_update(prefix, self._model_role)
        else:
            machine.allow(["sagemaker:ListModelPackages"], ["*"])  # knows no resources
        self._acknowledge(prefix)

    def _allow_update(self, prefix: str, role: iam.Role) -> None:
        endpoint = self._arn("endpoint", str(self._endpoint_name))
        model, config = self._arn("model", f"{prefix}*"), self._arn("endpoint-config", f"{prefix}*")
        self.machine.allow(["sagemaker:DescribeEndpoint"], [endpoint])
        self.machine.allow(["sagemaker:UpdateEndpoint"], [endpoint, config])
        self.machine.allow(["sagemaker:DescribeEndpointConfig", "sagemaker:CreateEndpointConfig"], [config])
        self.machine.allow(["sagemaker:DescribeModel", "sagemaker:CreateModel"], [model])
        if alarms := self._alarm_arns():
            self.machine.allow(["cloudwatch:DescribeAlarms"], alarms)
        self._pass_role(role)

    def _alarm_arns(self) -> list[str]:
        return rollback_alarm_arns(self, str(self._endpoint_name), self._settings.classifiers[self._classifier])

    def _pass_role(self, role: iam.Role) -> None:
        self.machine.machine.add_to_role_policy(
            iam.PolicyStatement(actions=["iam:PassRole"], resources=[role.role_arn], conditions=_SAGEMAKER_ONLY)
        )

    def _arn(self, resource: str, name: str, service: str = "sagemaker") -> str:
        return Stack.of(self).format_arn(service=service, resource=resource, resource_name=name)

    def _acknowledge(self, prefix: str) -> None:
        here = "IAM5[Resource::arn:<AWS::Partition>:sagemaker:<AWS::Region>:<AWS::AccountId>:"
        named = "Each execution and each deployment names its own job, model and configuration."
        reasons = {f"{here}{kind}/{prefix}*]": named for kind in ("training-job", "model", "endpoint-config")}
        reasons[f"{here}model-package/{self.model_package_group}/*]"] = "The versions of this classifier's own group."
        acknowledge(self.machine, reasons)
