"""CloudFormation's resource types of the added services.

`Ref` and `Fn::GetAtt` give what the CloudFormation reference documents: `Ref` of the three SageMaker types is the ARN.
"""

from typing import TYPE_CHECKING, Any

from ministack.services.cloudformation import provisioners, stacks

from localcloud.answers import ServiceError
from localcloud.property_types import with_api_types

if TYPE_CHECKING:
    from localcloud.application_autoscaling import Service
    from localcloud.sagemaker.endpoint import Endpoint
    from localcloud.sagemaker.service import SageMaker

Properties = dict[str, Any]
Created = tuple[str, dict[str, Any]]

# Long enough for a server with the longest startup that an endpoint config may ask for.
SETTLE_SECONDS = 3700.0

# Properties whose change makes a new resource, by the CloudFormation reference.
_REPLACING = {
    "AWS::SageMaker::Model": (
        "Containers",
        "EnableNetworkIsolation",
        "ExecutionRoleArn",
        "InferenceExecutionConfig",
        "ModelName",
        "PrimaryContainer",
        "VpcConfig",
    ),
    "AWS::SageMaker::EndpointConfig": (
        "AsyncInferenceConfig",
        "DataCaptureConfig",
        "EnableNetworkIsolation",
        "EndpointConfigName",
        "ExecutionRoleArn",
        "ExplainerConfig",
        "KmsKeyId",
        "ProductionVariants",
        "ShadowProductionVariants",
        "VpcConfig",
    ),
    "AWS::SageMaker::Endpoint": ("EndpointName",),
    "AWS::SageMaker::ModelPackageGroup": ("ModelPackageGroupDescription", "ModelPackageGroupName"),
    "AWS::ApplicationAutoScaling::ScalableTarget": ("ResourceId", "ScalableDimension", "ServiceNamespace"),
    "AWS::ApplicationAutoScaling::ScalingPolicy": (
        "PolicyName",
        "ResourceId",
        "ScalableDimension",
        "ScalingTargetId",
        "ServiceNamespace",
    ),
}


def install(sagemaker: "SageMaker", autoscaling: "Service") -> None:
    """Add the types to MiniStack's CloudFormation.

    Parameters
    ----------
    sagemaker : SageMaker
        The service behind the SageMaker types.
    autoscaling : Service
        The service behind the Application Auto Scaling types.
    """
    types = {
        "AWS::SageMaker::Model": _Named(sagemaker, "Model"),
        "AWS::SageMaker::EndpointConfig": _Named(sagemaker, "EndpointConfig"),
        "AWS::SageMaker::Endpoint": _Endpoint(sagemaker, "Endpoint"),
        "AWS::SageMaker::InferenceComponent": _InferenceComponent(sagemaker, "InferenceComponent"),
        "AWS::SageMaker::ModelPackageGroup": _ModelPackageGroup(sagemaker, "ModelPackageGroup"),
        "AWS::ApplicationAutoScaling::ScalableTarget": _ScalableTarget(autoscaling),
        "AWS::ApplicationAutoScaling::ScalingPolicy": _ScalingPolicy(autoscaling),
    }
    for name, handlers in types.items():
        provisioners._RESOURCE_HANDLERS[name] = {
            "create": handlers.create,
            "update": handlers.update,
            "delete": handlers.delete,
        }
    provisioners._REPLACING_PROPERTIES.update(_REPLACING)
    runs_on_worker_thread = stacks._runs_on_worker_thread
    # They call back into the gateway (S3, STS), which must not wait for them.
    stacks._runs_on_worker_thread = lambda name: name in types or runs_on_worker_thread(name)


class _Named:
    """A SageMaker resource with a name: `<Kind>Name` is its property, its attribute and its key in the API."""

    def __init__(self, sagemaker: "SageMaker", kind: str) -> None:
        self._sagemaker = sagemaker
        self._kind = kind

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Created:
        name = properties.get(f"{self._kind}Name") or provisioners._physical_name(stack_name, logical_id, max_len=63)
        request = with_api_types("sagemaker", f"Create{self._kind}", properties | {f"{self._kind}Name": name})
        arn = self._sagemaker.call(f"Create{self._kind}", request)[f"{self._kind}Arn"]
        return arn, {f"{self._kind}Name": name}

    def update(self, physical_id: str, old: Properties, new: Properties, stack_name: str) -> Created:
        """Take a change of tags, the only one that does not replace the resource."""
        del old, new, stack_name
        return physical_id, {f"{self._kind}Name": _name(physical_id)}

    def delete(self, physical_id: str, properties: Properties) -> None:
        del properties
        try:
            self._sagemaker.call(f"Delete{self._kind}", {f"{self._kind}Name": _name(physical_id)})
        except ServiceError as error:
            # Deleted by hand meanwhile.
            if "Could not find" not in error.message:
                raise


class _Endpoint(_Named):
    """An endpoint, which CloudFormation waits for."""

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Created:
        physical_id, attributes = super().create(logical_id, properties, stack_name)
        try:
            self._settle(attributes[f"{self._kind}Name"])
        except ServiceError:
            self.delete(physical_id, properties)
            raise
        return physical_id, attributes

    def update(self, physical_id: str, old: Properties, new: Properties, stack_name: str) -> Created:
        del old, stack_name
        name = _name(physical_id)
        operation, key = f"Update{self._kind}", f"{self._kind}Name"
        self._sagemaker.call(operation, with_api_types("sagemaker", operation, new | {key: name}))
        self._settle(name)
        return physical_id, {key: name}

    def _find(self, name: str) -> "Endpoint":
        return self._sagemaker.control.find(name)

    def _settle(self, name: str) -> None:
        endpoint = self._find(name)
        endpoint.wait_until_settled(SETTLE_SECONDS)
        # An update that failed leaves the endpoint in service, with the reason.
        if endpoint.status != "InService" or endpoint.record.failure_reason:
            reason = endpoint.record.failure_reason or f"its status is {endpoint.status}"
            raise ServiceError("NotStabilized", f"{self._kind} {name} did not stabilize: {reason}")


class _InferenceComponent(_Endpoint):
    """An inference component, which CloudFormation waits for too."""

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Created:
        arn, _ = super().create(logical_id, properties, stack_name)
        return arn, {"InferenceComponentArn": arn}

    def update(self, physical_id: str, old: Properties, new: Properties, stack_name: str) -> Created:
        super().update(physical_id, old, new, stack_name)
        return physical_id, {"InferenceComponentArn": physical_id}

    def _find(self, name: str) -> "Endpoint":
        return self._sagemaker.control.components.find(name)


class _ModelPackageGroup(_Named):
    """A group of model packages, which has more attributes."""

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Created:
        arn, attributes = super().create(logical_id, properties, stack_name)
        return arn, attributes | {"ModelPackageGroupArn": arn, "ModelPackageGroupStatus": "Completed"}

    def update(self, physical_id: str, old: Properties, new: Properties, stack_name: str) -> Created:
        _, attributes = super().update(physical_id, old, new, stack_name)
        return physical_id, attributes | {
            "ModelPackageGroupArn": physical_id,
            "ModelPackageGroupStatus": "Completed",
        }

    def delete(self, physical_id: str, properties: Properties) -> None:
        try:
            super().delete(physical_id, properties)
        except ServiceError as error:
            if "does not exist" not in error.message:
                raise


class _ScalableTarget:
    def __init__(self, autoscaling: "Service") -> None:
        self._autoscaling = autoscaling

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Created:
        del logical_id, stack_name
        request = with_api_types("application-autoscaling", "RegisterScalableTarget", properties)
        self._autoscaling.call("RegisterScalableTarget", request)
        identity = "|".join(properties[member] for member in ("ResourceId", "ScalableDimension", "ServiceNamespace"))
        return identity, {"Id": identity}

    def update(self, physical_id: str, old: Properties, new: Properties, stack_name: str) -> Created:
        del old
        return self.create(physical_id, new, stack_name)

    def delete(self, physical_id: str, properties: Properties) -> None:
        del properties
        self._autoscaling.call("DeregisterScalableTarget", _target(physical_id))


class _ScalingPolicy:
    def __init__(self, autoscaling: "Service") -> None:
        self._autoscaling = autoscaling

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Created:
        del logical_id, stack_name
        request = with_api_types("application-autoscaling", "PutScalingPolicy", properties | _target_of(properties))
        arn = self._autoscaling.call("PutScalingPolicy", request)["PolicyARN"]
        return arn, {"Arn": arn, "PolicyName": properties["PolicyName"]}

    def update(self, physical_id: str, old: Properties, new: Properties, stack_name: str) -> Created:
        del old
        # Moto gives the policy a new ARN; on AWS it keeps the one that it has.
        self.create(physical_id, new, stack_name)
        return physical_id, {"Arn": physical_id, "PolicyName": new["PolicyName"]}

    def delete(self, physical_id: str, properties: Properties) -> None:
        del physical_id
        request = {"PolicyName": properties["PolicyName"], **_target_of(properties)}
        try:
            self._autoscaling.call("DeleteScalingPolicy", request)
        except ServiceError as error:
            # Gone with its target.
            if "No scaling policy found" not in error.message:
                raise


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]


def _target(identity: str) -> dict[str, str]:
    resource, dimension, namespace = identity.split("|")
    return {"ResourceId": resource, "ScalableDimension": dimension, "ServiceNamespace": namespace}


def _target_of(properties: Properties) -> dict[str, str]:
    if "ScalingTargetId" in properties:
        return _target(properties["ScalingTargetId"])
    return {member: properties[member] for member in ("ResourceId", "ScalableDimension", "ServiceNamespace")}
