"""SageMaker's operations on inference components; moto has none of them."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

from localcloud.answers import ServiceError
from localcloud.sagemaker.component import Component, ComponentRecord
from localcloud.sagemaker.deployment import Deployment
from localcloud.sagemaker.endpoint import Endpoint
from localcloud.sagemaker.model_package import check_access
from localcloud.sagemaker.moto_records import moto_records
from localcloud.sagemaker.update_policy import rolling_policy

Parameters = dict[str, Any]


class Components:
    """The inference components of all endpoints.

    Parameters
    ----------
    find_endpoint : callable
        Returns the endpoint of a name.
    folder : Path
        Where the endpoints keep packages and logs, a folder each.
    port : int
        The local cloud's port.
    """

    def __init__(self, find_endpoint: Callable[[str], Endpoint], folder: Path, port: int) -> None:
        self.by_name: dict[str, Component] = {}
        self.operations: dict[str, Callable[[Parameters], Parameters]] = {
            "CreateInferenceComponent": self.create,
            "DescribeInferenceComponent": self.describe,
            "UpdateInferenceComponent": self.update,
            "UpdateInferenceComponentRuntimeConfig": self.scale,
            "DeleteInferenceComponent": self.delete,
        }
        self._find_endpoint, self._folder, self._port = find_endpoint, folder, port

    def create(self, parameters: Parameters, *, restored: bool = False) -> Parameters:
        """Create a component and start its process in the background.

        Parameters
        ----------
        parameters : dict
            Input of `CreateInferenceComponent`.
        restored : bool
            Whether it comes back with the cloud, maybe without a copy.

        Returns
        -------
        dict
            Its output.

        Raises
        ------
        ServiceError
            If there is one of that name, no such endpoint, no copy is asked for, or it cannot run here.
        """
        name, endpoint = parameters["InferenceComponentName"], self._find_endpoint(parameters["EndpointName"])
        if name in self.by_name:
            raise ServiceError("ValidationException", f"Cannot create already existing inference component '{name}'.")
        specification, copies = parameters.get("Specification", {}), parameters.get("RuntimeConfig", {})
        if not specification.get("Container", {}).get("ArtifactUrl") or not parameters.get("VariantName"):
            message = "The local cloud runs inference components with a VariantName and a Container's ArtifactUrl."
            raise ServiceError("ValidationException", message)
        record = ComponentRecord(
            name, endpoint.name, parameters["VariantName"], specification, copies.get("CopyCount", 0)
        )
        if not restored:
            if record.copies < 1:
                raise ServiceError("ValidationException", "Inference components need a copy count larger than 0.")
            check_access(specification["Container"]["ArtifactUrl"], self._role(endpoint.name), self._port)
        component = self.by_name[name] = Component(record)
        if record.copies:
            component.create(self._deployment(record, specification))
        else:
            record.endpoint_status = "InService"
        return {"InferenceComponentArn": record.arn}

    def describe(self, parameters: Parameters) -> Parameters:
        """Describe a component."""
        component = self.find(parameters["InferenceComponentName"])
        record = component.record
        described = {
            "InferenceComponentName": record.name,
            "InferenceComponentArn": record.arn,
            "EndpointName": record.endpoint_name,
            "EndpointArn": record.arn.replace(f"inference-component/{record.name}", f"endpoint/{record.endpoint_name}"),
            "VariantName": record.variant_name,
            "Specification": _described(record.specification),
            "RuntimeConfig": {
                "DesiredCopyCount": record.copies,
                "CurrentCopyCount": 0 if component.asleep else record.copies,
            },
            "CreationTime": record.creation_time.timestamp(),
            "LastModifiedTime": record.last_modified_time.timestamp(),
            "InferenceComponentStatus": component.status if component.status != "RollingBack" else "Updating",
            "FailureReason": record.failure_reason,
            "LastDeploymentConfig": record.last_deployment_config,
        }
        return {member: value for member, value in described.items() if value is not None}

    def update(self, parameters: Parameters) -> Parameters:
        """Move a component to another specification, as its `DeploymentConfig` asks; one without copies just takes it.

        Raises
        ------
        ServiceError
            If there is none of that name, it is on its way already, or its package cannot be read.
        """
        component = self._settled(parameters["InferenceComponentName"])
        record = component.record
        specification = parameters.get("Specification", record.specification)
        check_access(specification["Container"]["ArtifactUrl"], self._role(record.endpoint_name), self._port)
        guards = parameters.get("DeploymentConfig", {})
        policy = rolling_policy(guards, record.copies)
        record.last_deployment_config = guards or None
        copies = parameters.get("RuntimeConfig", {}).get("CopyCount", record.copies)
        if component.asleep or not copies:
            record.specification = specification
            return self._scale(component, copies)
        record.copies = copies
        component.update(self._deployment(record, specification), {"specification": specification}, policy)
        return {"InferenceComponentArn": record.arn}

    def scale(self, parameters: Parameters) -> Parameters:
        """Set the number of a component's copies.

        Raises
        ------
        ServiceError
            If there is none of that name, or it is on its way to something already.
        """
        component = self._settled(parameters["InferenceComponentName"])
        return self._scale(component, parameters["DesiredRuntimeConfig"]["CopyCount"])

    def delete(self, parameters: Parameters) -> Parameters:
        """Delete a component and stop its process.

        Raises
        ------
        ServiceError
            If there is none of that name.
        """
        self.find(parameters["InferenceComponentName"]).delete()
        del self.by_name[parameters["InferenceComponentName"]]
        return {}

    def find(self, name: str) -> Component:
        """Return a component.

        Raises
        ------
        ServiceError
            If there is none of that name.
        """
        if name not in self.by_name:
            raise ServiceError("ValidationException", f"Could not find inference component '{name}'.")
        return self.by_name[name]

    def get_state(self) -> list[Parameters]:
        """Return the requests that bring the components back."""
        return [
            {
                "InferenceComponentName": component.name,
                "EndpointName": component.record.endpoint_name,
                "VariantName": component.record.variant_name,
                "Specification": component.record.specification,
                "RuntimeConfig": {"CopyCount": component.record.copies},
            }
            for component in list(self.by_name.values())
        ]

    def _scale(self, component: Component, copies: int) -> Parameters:
        record = component.record
        record.copies = copies
        if not copies:
            component.sleep()
        elif component.asleep:
            component.wake(self._deployment(record, record.specification))
        return {"InferenceComponentArn": record.arn}

    def _settled(self, name: str) -> Component:
        component = self.find(name)
        if component.status not in ("InService", "Failed"):
            message = f"Cannot update inference component '{name}' while its status is {component.status}."
            raise ServiceError("ValidationException", message)
        return component

    def _role(self, endpoint: str) -> str:
        config = moto_records("endpoint_configs")[self._find_endpoint(endpoint).record.endpoint_config_name]
        role = getattr(config, "execution_role_arn", None)
        if not role:
            message = f"The configuration of endpoint {endpoint} needs an ExecutionRoleArn for inference components."
            raise ServiceError("ValidationException", message)
        return role

    def _deployment(self, record: ComponentRecord, specification: Parameters) -> Deployment:
        container, startup = specification["Container"], specification.get("StartupParameters", {})
        variant = {"VariantName": record.variant_name, "ModelName": record.name, **startup}
        model = {
            "ExecutionRoleArn": self._role(record.endpoint_name),
            "PrimaryContainer": {
                "ModelDataUrl": container["ArtifactUrl"],
                "Environment": container.get("Environment", {}),
            },
        }
        folder = self._folder / record.endpoint_name
        folder.mkdir(exist_ok=True)
        config = copy.deepcopy({"ProductionVariants": [variant]})
        return Deployment(record.endpoint_name, config, {record.name: model}, folder, self._port, component=record.name)


def _described(specification: Parameters) -> Parameters:
    """Name the image as the one that is deployed."""
    container = dict(specification["Container"])
    if image := container.pop("Image", None):
        container["DeployedImage"] = {"SpecifiedImage": image}
    return {**specification, "Container": container}
