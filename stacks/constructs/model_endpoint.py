"""A model behind a SageMaker endpoint: captured, scaled, updated with care."""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from signpost.aws.guardrails import guarded_update, has_known_pictures
from signpost.settings.file import Classifier, Hosting
from stacks.constructs import endpoint_config as parts
from stacks.constructs.acknowledge import acknowledge, any_object
from stacks.constructs.content_name import content_name
from stacks.constructs.endpoint_guards import rollback_alarm_arns, rollback_alarms
from stacks.constructs.endpoint_role import ENDPOINT_LOGS, endpoint_role
from stacks.constructs.endpoint_scaling import scalable_target, scale_on_backlog, scale_on_invocations
from stacks.constructs.log_group import month_of_logs
from stacks.constructs.model_package import ModelPackage

_MODELS = ("Model", "ShadowModel")
_OWN_FOLDER = "SageMaker makes up the names of the objects in the endpoint's own folder."


class ModelEndpoint(Construct):
    """A model, its endpoint configuration and its endpoint.

    A change replaces model and configuration under new names, and so makes SageMaker update the endpoint in place.

    Parameters
    ----------
    scope, construct_id
        As for every construct.
    endpoint_name : str
        Name of the endpoint.
    name_prefix : str
        Start of the names of models and configurations of the classifier.
    classifier : Classifier
        Hosting (``realtime``, ``serverless`` or ``async``), sizes and data capture.
    image_uri : str
        Container image.
    repository_arn : str or None
        ECR repository of the image; None where it is in none.
    package : ModelPackage
        The packed model.
    shadow_package : ModelPackage or None
        That of its shadow.
    captured : aws_cdk.aws_s3.IBucket
        Bucket for captured data and for answers of async endpoints.
    inputs, inputs_prefix : aws_cdk.aws_s3.IBucket, str
        Where the prepared pictures are that an async endpoint fetches by itself.

    Attributes
    ----------
    endpoint_name : str
        As given.
    endpoint_config_name : str
        Name of the configuration that this deployment asks for. After a roll-back the endpoint has another one.
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
        shadow_package: ModelPackage | None,
        captured: s3.IBucket,
        inputs: s3.IBucket,
        inputs_prefix: str,
    ) -> None:
        super().__init__(scope, construct_id)
        self.endpoint_name, self._name_prefix = endpoint_name, name_prefix
        settings, hosting = classifier.endpoint, classifier.hosting
        self._classifier, self._settings, self._hosting, self._captured = classifier, settings, hosting, captured
        self._prefixes = parts.written_prefixes(settings, hosting)
        packages = [package, *([shadow_package] if shadow_package else [])]
        read = [found.arn for found in packages]
        read += [inputs.arn_for_objects(f"{inputs_prefix}*")] if hosting is Hosting.ASYNC else []
        role = endpoint_role(
            self,
            read_arns=read,
            written_arns=[captured.arn_for_objects(f"{prefix}/{endpoint_name}/*") for prefix in self._prefixes],
            log_group=self._log_group(),
            repository_arn=repository_arn,
            alarm_arns=rollback_alarm_arns(self, endpoint_name, classifier),
        )
        acknowledge(role, {any_object(captured, f"{p}/{endpoint_name}/"): _OWN_FOLDER for p in self._prefixes})
        if hosting is Hosting.ASYNC:
            acknowledge(role, {any_object(inputs, inputs_prefix): "Names of prepared pictures are made at run time."})
        models = [self._model(name, role, image_uri, found) for name, found in zip(_MODELS, packages, strict=False)]
        config = self._config(*models)
        self.endpoint_config_name = config.attr_endpoint_config_name
        endpoint = self._endpoint()
        if hosting is not Hosting.SERVERLESS:
            self._guard(endpoint)
            self._scale(endpoint)

    def _log_group(self) -> logs.LogGroup:
        return month_of_logs(self, f"{ENDPOINT_LOGS}{self.endpoint_name}")

    def _model(self, name: str, role: iam.Role, image_uri: str, package: ModelPackage) -> sagemaker.CfnModel:
        # The server needs no network. Serverless endpoints know no isolation.
        isolated = self._hosting is not Hosting.SERVERLESS
        return sagemaker.CfnModel(
            self,
            name,
            model_name=content_name(self, self._name_prefix, name, role.role_arn, image_uri, package.url, isolated),
            execution_role_arn=role.role_arn,
            enable_network_isolation=isolated,
            primary_container=sagemaker.CfnModel.ContainerDefinitionProperty(
                image=image_uri, model_data_url=package.url
            ),
        )

    def _config(
        self, model: sagemaker.CfnModel, shadow: sagemaker.CfnModel | None = None
    ) -> sagemaker.CfnEndpointConfig:
        captures, is_async = parts.CAPTURE in self._prefixes, self._hosting is Hosting.ASYNC
        members = {
            "production_variants": [parts.production_variant(self._settings, self._hosting, model.attr_model_name)],
            "shadow_production_variants": self._shadow(shadow),
            "data_capture_config": parts.data_capture(self._settings, self._captured) if captures else None,
            "async_inference_config": parts.async_inference(self.endpoint_name, self._captured) if is_async else None,
        }
        served = [model.model_name, shadow.model_name if shadow else None]
        name = content_name(self, self._name_prefix, served, members)
        return sagemaker.CfnEndpointConfig(self, "Config", endpoint_config_name=name, **members)

    def _shadow(
        self, model: sagemaker.CfnModel | None
    ) -> list[sagemaker.CfnEndpointConfig.ProductionVariantProperty] | None:
        shadow = self._classifier.shadow
        return [parts.shadow_variant(self._settings, shadow, model.attr_model_name)] if shadow and model else None

    def _endpoint(self) -> sagemaker.CfnEndpoint:
        return sagemaker.CfnEndpoint(
            self, "Endpoint", endpoint_name=self.endpoint_name, endpoint_config_name=self.endpoint_config_name
        )

    def _guard(self, endpoint: sagemaker.CfnEndpoint) -> None:
        """Let an update keep what scaling has chosen, and be undone when it does harm."""
        known = has_known_pictures(self._classifier)
        variant = {"EndpointName": self.endpoint_name, "VariantName": parts.VARIANT}
        alarms = rollback_alarms(self, self.endpoint_name, variant, known_pictures=known)
        update = guarded_update(self._settings, self._hosting, [alarm.alarm_name for alarm in alarms])
        endpoint.add_property_override("DeploymentConfig", update)
        endpoint.retain_all_variant_properties = True
        # Data capture follows the settings, not what was there before.
        excluded = sagemaker.CfnEndpoint.VariantPropertyProperty(variant_property_type="DataCaptureConfig")
        endpoint.exclude_retained_variant_properties = [excluded]

    def _scale(self, endpoint: sagemaker.CfnEndpoint) -> None:
        is_async = self._hosting is Hosting.ASYNC
        target = scalable_target(
            self,
            f"endpoint/{self.endpoint_name}/variant/{parts.VARIANT}",
            "sagemaker:variant:DesiredInstanceCount",
            0 if is_async else self._settings.min_instances,
            self._settings.max_instances,
        )
        target.node.add_dependency(endpoint)
        if is_async:
            scale_on_backlog(target, self.endpoint_name)
        else:
            scale_on_invocations(target, self._settings)
