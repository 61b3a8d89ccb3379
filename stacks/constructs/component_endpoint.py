"""A model as an inference component: its copies, and with them the instances, go down to none."""

from __future__ import annotations

import re

from aws_cdk import aws_iam as iam
from aws_cdk.aws_sagemaker import CfnEndpoint, CfnEndpointConfig, CfnInferenceComponent
from constructs import Construct

from signpost.aws.guardrails import rolling_update
from signpost.capture.shadow import PRODUCTION as VARIANT
from signpost.errors import SettingsError
from signpost.settings.file import Classifier
from stacks.constructs.content_name import content_name
from stacks.constructs.endpoint_guards import rollback_alarm_arns, rollback_alarms
from stacks.constructs.endpoint_role import COMPONENT_LOGS, endpoint_role
from stacks.constructs.endpoint_scaling import scalable_target, scale_on_copies
from stacks.constructs.log_group import month_of_logs
from stacks.constructs.model_package import ModelPackage

# What a copy is sure to have; the model server takes less.
_MEMORY_MB = 1024


class ComponentEndpoint(Construct):
    """An endpoint without a model of its own, and an inference component of the same name on it.

    Parameters
    ----------
    scope, construct_id
        As for every construct.
    endpoint_name : str
        Name of the endpoint and of the component.
    name_prefix : str
        Start of the names of models and configurations of the classifier.
    classifier : Classifier
        Its sizes.
    image_uri : str
        Container image.
    repository_arn : str or None
        ECR repository of the image; None where it is in none.
    package : ModelPackage
        The packed model.

    Attributes
    ----------
    endpoint_name : str
        As given.
    endpoint_config_name : str
        Name of the configuration.

    Raises
    ------
    SettingsError
        If the cores of the instance can't be told from its name.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        endpoint_name: str,
        name_prefix: str,
        classifier: Classifier,
        image_uri: str,
        repository_arn: str | None,
        package: ModelPackage,
    ) -> None:
        super().__init__(scope, construct_id)
        self.endpoint_name, self._settings = endpoint_name, classifier.endpoint
        self._name_prefix = name_prefix
        log_group = month_of_logs(self, f"{COMPONENT_LOGS}{endpoint_name}")
        role = endpoint_role(
            self,
            read_arns=[package.arn],
            written_arns=[],
            log_group=log_group,
            repository_arn=repository_arn,
            alarm_arns=rollback_alarm_arns(self, endpoint_name, classifier),
            logs_prefix=COMPONENT_LOGS,
        )
        config = self._config(role)
        self.endpoint_config_name = config.attr_endpoint_config_name
        endpoint = CfnEndpoint(
            self, "Endpoint", endpoint_name=endpoint_name, endpoint_config_name=self.endpoint_config_name
        )
        component = self._component(image_uri, package)
        component.add_dependency(endpoint)
        target = scalable_target(
            self,
            f"inference-component/{endpoint_name}",
            "sagemaker:inference-component:DesiredCopyCount",
            0,
            self._settings.max_instances,
        )
        target.node.add_dependency(component)
        scale_on_copies(target, endpoint_name, self._settings)

    def _config(self, role: iam.Role) -> CfnEndpointConfig:
        variant = CfnEndpointConfig.ProductionVariantProperty(
            variant_name=VARIANT,
            instance_type=self._settings.instance_type,
            initial_instance_count=1,
            managed_instance_scaling=CfnEndpointConfig.ManagedInstanceScalingProperty(
                status="ENABLED", min_instance_count=0, max_instance_count=_with_update(self._settings.max_instances)
            ),
            routing_config=CfnEndpointConfig.RoutingConfigProperty(routing_strategy="LEAST_OUTSTANDING_REQUESTS"),
        )
        # The server needs no network.
        return CfnEndpointConfig(
            self,
            "Config",
            endpoint_config_name=content_name(self, self._name_prefix, role.role_arn, variant),
            execution_role_arn=role.role_arn,
            enable_network_isolation=True,
            production_variants=[variant],
        )

    def _component(self, image_uri: str, package: ModelPackage) -> CfnInferenceComponent:
        kind = CfnInferenceComponent
        alarms = rollback_alarms(
            self, self.endpoint_name, {"InferenceComponentName": self.endpoint_name}, known_pictures=False
        )
        component = CfnInferenceComponent(
            self,
            "Component",
            inference_component_name=self.endpoint_name,
            endpoint_name=self.endpoint_name,
            variant_name=VARIANT,
            specification=kind.InferenceComponentSpecificationProperty(
                container=kind.InferenceComponentContainerSpecificationProperty(
                    image=image_uri, artifact_url=package.url
                ),
                compute_resource_requirements=kind.InferenceComponentComputeResourceRequirementsProperty(
                    min_memory_required_in_mb=_MEMORY_MB,
                    number_of_cpu_cores_required=_more_than_half_of_the_cores(self._settings.instance_type),
                ),
            ),
            # SageMaker creates none without a copy; scaling takes it away again.
            runtime_config=kind.InferenceComponentRuntimeConfigProperty(copy_count=1),
        )
        component.add_property_override("DeploymentConfig", rolling_update([alarm.alarm_name for alarm in alarms]))
        return component


def _with_update(copies: int) -> int:
    """Return the instances that a rolling update needs: each batch starts on new ones before the old ones end."""
    return copies + max(1, copies // 2)


def _more_than_half_of_the_cores(instance_type: str) -> float:
    """Ask for so many that an instance has room for one copy only, whatever of it SageMaker keeps for itself."""
    size = re.fullmatch(r"(\d*)(x?)large", instance_type.rpartition(".")[2])
    if not size:
        raise SettingsError(
            f'hosting = "components" can\'t tell the cores of {instance_type!r}; allowed are sizes from large on, such '
            "as ml.m5.large or ml.m5.2xlarge"
        )
    cores = 4 * int(size[1] or 1) if size[2] else 2
    return cores / 2 + 0.25
