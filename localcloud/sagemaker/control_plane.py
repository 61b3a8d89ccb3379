"""SageMaker's operations: moto describes and validates, the endpoints behind it are real."""

import copy
import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from localcloud import application_autoscaling
from localcloud.answers import ServiceError
from localcloud.credentials import ACCOUNT_ID, REGION
from localcloud.sagemaker import instance_types
from localcloud.sagemaker.components import Components
from localcloud.sagemaker.deployment import Deployment
from localcloud.sagemaker.endpoint import Endpoint
from localcloud.sagemaker.model_package import check_access
from localcloud.sagemaker.model_registry import ModelRegistry
from localcloud.sagemaker.moto_records import (
    allow_variants_without_model,
    moto_records,
    refuse_second,
    sagemaker_backend,
)
from localcloud.sagemaker.scaling_rules import check_instance_types, check_target
from localcloud.sagemaker.training_jobs import TrainingJobs
from localcloud.sagemaker.update_policy import update_policy
from localcloud.sagemaker.variants import capture_summary, retain, shadow_states, smallest_fleet, with_known_capacity

Parameters = dict[str, Any]


class ControlPlane:
    """Models, endpoint configs and endpoints; training jobs and the model registry have files of their own.

    Parameters
    ----------
    endpoints_folder : Path
        Where the endpoints keep packages and logs, a folder each.
    training_folder : Path
        Where the training jobs work, a folder each.
    port : int
        The local cloud's port.
    """

    def __init__(self, endpoints_folder: Path, training_folder: Path, port: int) -> None:
        self.moto = sagemaker_backend()
        self.endpoints: dict[str, Endpoint] = {}
        self.training = TrainingJobs(self.moto, training_folder, port)
        self.registry = ModelRegistry(self.moto)
        self.components = Components(self.find, endpoints_folder, port)
        self.scaling = application_autoscaling.Service(lambda resource: check_target(resource, self._variants_of))
        self.operations: dict[str, Callable[[Parameters], Parameters]] = {
            "CreateModel": self.create_model,
            "CreateEndpointConfig": self.create_endpoint_config,
            "CreateEndpoint": self.create_endpoint,
            "UpdateEndpoint": self.update_endpoint,
            "UpdateEndpointWeightsAndCapacities": self.update_weights,
            "DeleteEndpoint": self.delete_endpoint,
            **self.training.operations,
            **self.registry.operations,
            **self.components.operations,
        }
        self._folder = endpoints_folder
        self._port = port

    def create_model(self, parameters: Parameters, *, check: bool = True) -> Parameters:
        """Create a model, after a look whether its role can read its package.

        Parameters
        ----------
        parameters : dict
            Input of `CreateModel`.
        check : bool
            False when a saved model comes back: its package may be gone by now, as on AWS.

        Returns
        -------
        dict
            Its output.

        Raises
        ------
        ServiceError
            If there is one of that name, or its package cannot be read with its role.
        """
        refuse_second(self.moto, "model", "DescribeModel", "ModelName", parameters)
        container, role = parameters.get("PrimaryContainer", {}), parameters.get("ExecutionRoleArn")
        if not role or not (container.get("ModelDataUrl") or container.get("ModelPackageName")):
            message = (
                "The local cloud runs models with an ExecutionRoleArn and a PrimaryContainer's ModelDataUrl or "
                "ModelPackageName."
            )
            raise ServiceError("ValidationException", message)
        if check:
            check_access(self.registry.with_package(container)["ModelDataUrl"], role, self._port)
        return self.moto.call("CreateModel", parameters)

    def create_endpoint_config(self, parameters: Parameters) -> Parameters:
        """Create an endpoint config.

        Parameters
        ----------
        parameters : dict
            Input of `CreateEndpointConfig`.

        Returns
        -------
        dict
            Its output.

        Raises
        ------
        ServiceError
            If there is one of that name, moto refuses it, or it has more than one variant beside a shadow.
        """
        refuse_second(self.moto, "endpoint configuration", "DescribeEndpointConfig", "EndpointConfigName", parameters)
        instance_types.use_in_moto()
        allow_variants_without_model()
        without_model = any("ModelName" not in variant for variant in parameters["ProductionVariants"])
        if without_model and not parameters.get("ExecutionRoleArn"):
            raise ServiceError("ValidationException", "Variants without a model need an ExecutionRoleArn.")
        shadows = parameters.get("ShadowProductionVariants", [])
        if shadows and (len(shadows), len(parameters["ProductionVariants"])) != (1, 1):
            message = "With ShadowProductionVariants there is one of them, and one of ProductionVariants."
            raise ServiceError("ValidationException", message)
        answer = self.moto.call("CreateEndpointConfig", parameters)
        # Moto forgets them.
        record = moto_records("endpoint_configs")[parameters["EndpointConfigName"]]
        record.shadow_production_variants = shadows or None
        record.execution_role_arn = parameters.get("ExecutionRoleArn")
        record.enable_network_isolation = parameters.get("EnableNetworkIsolation")
        return answer

    def create_endpoint(self, parameters: Parameters, *, status: str = "Creating") -> Parameters:
        """Create an endpoint and start its processes in the background.

        Parameters
        ----------
        parameters : dict
            Input of `CreateEndpoint`.
        status : str
            Its status until it runs.

        Returns
        -------
        dict
            Its output.

        Raises
        ------
        ServiceError
            If there is one of that name, or no such config.
        """
        refuse_second(self.moto, "endpoint", "DescribeEndpoint", "EndpointName", parameters)
        name = parameters["EndpointName"]
        deployment = self._deployment(name, parameters["EndpointConfigName"])
        answer = self.moto.call("CreateEndpoint", parameters)
        endpoint = Endpoint(name, moto_records("endpoints")[name])
        endpoint.record.data_capture_config = capture_summary(deployment.config)
        endpoint.record.last_deployment_config = parameters.get("DeploymentConfig")
        endpoint.record.shadow_production_variants = shadow_states(deployment.config)
        self.endpoints[name] = endpoint
        endpoint.create(deployment, status)
        return answer

    def update_endpoint(self, parameters: Parameters) -> Parameters:
        """Move an endpoint to another config, as its `DeploymentConfig` asks; `Endpoint.update` says more.

        Parameters
        ----------
        parameters : dict
            Input of `UpdateEndpoint`.

        Returns
        -------
        dict
            Its output.

        Raises
        ------
        ServiceError
            If there is no such endpoint or config, the endpoint is not in service, or it cannot be updated so.
        """
        endpoint = self.find(parameters["EndpointName"])
        if endpoint.status != "InService":
            raise ServiceError("ValidationException", f"Cannot update in-progress endpoint '{endpoint.record.arn}'.")
        deployment = self._deployment(endpoint.name, parameters["EndpointConfigName"])
        check_instance_types(endpoint, deployment.config, self.scaling.resource_ids)
        settings = retain(endpoint, deployment.config, parameters)
        settings["endpoint_config_name"] = parameters["EndpointConfigName"]
        settings["shadow_production_variants"] = shadow_states(deployment.config)
        settings["last_modified_time"] = dt.datetime.now(dt.UTC)
        guards = parameters.get("DeploymentConfig", {})
        if parameters.get("RetainDeploymentConfig"):
            guards = getattr(endpoint.record, "last_deployment_config", None) or {}
        settings["last_deployment_config"] = guards or None
        policy = update_policy(guards, smallest_fleet(settings["production_variants"]))
        endpoint.update(deployment, settings, policy)
        return {"EndpointArn": endpoint.record.arn}

    def update_weights(self, parameters: Parameters) -> Parameters:
        """Set the weights and instance counts of an endpoint's variants.

        Parameters
        ----------
        parameters : dict
            Input of `UpdateEndpointWeightsAndCapacities`.

        Returns
        -------
        dict
            Its output.

        Raises
        ------
        ServiceError
            If there is no such endpoint or variant.
        """
        endpoint = self.find(parameters["EndpointName"])
        return self.moto.call(
            "UpdateEndpointWeightsAndCapacities", with_known_capacity(parameters, endpoint.record.production_variants)
        )

    def delete_endpoint(self, parameters: Parameters) -> Parameters:
        """Delete an endpoint, stop its processes and deregister its scalable targets.

        Parameters
        ----------
        parameters : dict
            Input of `DeleteEndpoint`.

        Returns
        -------
        dict
            Nothing in it.

        Raises
        ------
        ServiceError
            If there is no such endpoint.
        """
        self.moto.call("DeleteEndpoint", parameters)
        self.scaling.deregister(f"endpoint/{parameters['EndpointName']}/variant/")
        self.endpoints.pop(parameters["EndpointName"]).delete()
        return {}

    def find(self, name: str) -> Endpoint:
        """Return an endpoint.

        Parameters
        ----------
        name : str
            Its name.

        Returns
        -------
        Endpoint
            The endpoint.

        Raises
        ------
        ServiceError
            If there is none of that name.
        """
        if name not in self.endpoints:
            arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT_ID}:endpoint/{name}"
            raise ServiceError("ValidationException", f"Could not find endpoint '{arn}'.")
        return self.endpoints[name]

    def _variants_of(self, endpoint: str) -> list[str]:
        return [variant["VariantName"] for variant in self.find(endpoint).record.production_variants]

    def stop(self) -> None:
        """Stop every training job and every endpoint's processes, at once."""
        self.training.close()
        endpoints, self.endpoints = self.endpoints, {}
        running = [*endpoints.values(), *self.components.by_name.values()]
        self.components.by_name.clear()
        with ThreadPoolExecutor(max_workers=max(1, len(running))) as pool:
            list(pool.map(Endpoint.delete, running))

    def _deployment(self, endpoint: str, config_name: str) -> Deployment:
        config = self.moto.call("DescribeEndpointConfig", {"EndpointConfigName": config_name})
        variants = [*config["ProductionVariants"], *config.get("ShadowProductionVariants", [])]
        names = {variant["ModelName"] for variant in variants if "ModelName" in variant}
        models = {name: self.moto.call("DescribeModel", {"ModelName": name}) for name in names}
        for model in models.values():
            model["PrimaryContainer"] = self.registry.with_package(model["PrimaryContainer"])
        folder = self._folder / endpoint
        folder.mkdir(exist_ok=True)
        return Deployment(endpoint, copy.deepcopy(config), models, folder, self._port)
