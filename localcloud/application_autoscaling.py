"""Application Auto Scaling: moto's control plane. Targets and policies are kept and described; nothing scales here."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from localcloud.answers import Answer, ServiceError, json_answer, read_json
from localcloud.credentials import ACCOUNT_ID, REGION
from localcloud.moto_backend import MotoBackend

_TARGET = ("ServiceNamespace", "ResourceId", "ScalableDimension")
# AWS makes this role on the first registration.
_SERVICE_LINKED_ROLE = (
    f"arn:aws:iam::{ACCOUNT_ID}:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/"
    "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
)


class Service:
    """Application Auto Scaling as MiniStack sees it.

    Parameters
    ----------
    check : callable
        Raises if a resource id names nothing that could be scaled.
    """

    def __init__(self, check: Callable[[str], None]) -> None:
        self._check = check
        self._moto = MotoBackend(
            "applicationautoscaling",
            "ApplicationAutoScalingResponse",
            "AnyScaleFrontendService.",
            f"application-autoscaling.{REGION}.amazonaws.com",
        )
        self._targets: dict[str, dict[str, Any]] = {}
        self._policies: dict[str, dict[str, Any]] = {}

    async def handle_request(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, query_params: Mapping[str, Any]
    ) -> Answer:
        """Answer a request; MiniStack's handler signature."""
        del method, path, query_params
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        try:
            return json_answer(self.call(operation, read_json(body)))
        except ServiceError as error:
            return error.answer()

    def call(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Carry out an operation.

        Parameters
        ----------
        operation : str
            Its name.
        parameters : dict
            Its input.

        Returns
        -------
        dict
            Its output.

        Raises
        ------
        ServiceError
            If there is nothing to be scaled, or moto refuses it.
        """
        if operation == "RegisterScalableTarget":
            self._check(parameters["ResourceId"])
        return self._call(operation, parameters)

    @property
    def resource_ids(self) -> list[str]:
        """What is scaled."""
        return [target["ResourceId"] for target in self._targets.values()]

    def deregister(self, prefix: str) -> None:
        """Deregister every target whose resource id begins so."""
        for target in [target for target in self._targets.values() if target["ResourceId"].startswith(prefix)]:
            self._call("DeregisterScalableTarget", {member: target[member] for member in _TARGET})

    def _call(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        if operation == "RegisterScalableTarget":
            _know_inference_components()
            parameters = {"RoleARN": _SERVICE_LINKED_ROLE, **parameters}
        answer = self._moto.call(operation, parameters)
        target = "|".join(str(parameters.get(member)) for member in _TARGET)
        policy = f"{target}|{parameters.get('PolicyName')}"
        if operation == "RegisterScalableTarget":
            self._targets[target] = self._targets.get(target, {}) | parameters
        elif operation == "PutScalingPolicy":
            self._policies[policy] = parameters
        elif operation == "DeregisterScalableTarget":
            self._targets.pop(target, None)
            self._policies = {key: kept for key, kept in self._policies.items() if not key.startswith(target + "|")}
        elif operation == "DeleteScalingPolicy":
            self._policies.pop(policy, None)
        return answer

    def get_state(self) -> dict[str, Any]:
        """Return what brings the targets and policies back: the requests that made them."""
        return {"targets": list(self._targets.values()), "policies": list(self._policies.values())}

    def load_persisted_state(self, state: dict[str, Any]) -> None:
        """Bring back what `get_state` returned."""
        for parameters in state["targets"]:
            self._call("RegisterScalableTarget", parameters)  # what it scales may come back later
        for parameters in state["policies"]:
            self._call("PutScalingPolicy", parameters)


def _know_inference_components() -> None:
    """Have moto take the copies of inference components for something that can be scaled."""
    from moto.applicationautoscaling import models, responses

    known = {dimension.name: dimension.value for dimension in models.ScalableDimensionValueSet}
    copies = {"SAGEMAKER_INFERENCE_COMPONENT_DESIRED_COPY_COUNT": "sagemaker:inference-component:DesiredCopyCount"}
    if not copies.items() <= known.items():
        dimensions = Enum("ScalableDimensionValueSet", known | copies)
        for module in (models, responses):
            vars(module)["ScalableDimensionValueSet"] = dimensions
