"""The Model Registry: moto's, mended where it differs from SageMaker's.

Moto forgets what an update does not name, takes no group's ARN, overwrites a group that is there already, can't
delete a group or a package, knows no `group/version`, minds no client token, and leaves a new version without an
approval status.
"""

from collections.abc import Callable
from typing import Any

from localcloud.answers import ServiceError
from localcloud.credentials import ACCOUNT_ID, REGION
from localcloud.moto_backend import MotoBackend
from localcloud.sagemaker.moto_records import moto_records, refuse_second
from localcloud.sagemaker.record_state import plain, rich

Parameters = dict[str, Any]

# Members of a record that its creation does not set, or that change later.
_SAVED = (
    "creation_time",
    "last_modified_time",
    "model_approval_status",
    "approval_description",
    "customer_metadata_properties",
)
_FROM_PACKAGE = ("Image", "ModelDataUrl", "Environment")


class ModelRegistry:
    """Groups of model packages, and the packages in them.

    Parameters
    ----------
    moto : MotoBackend
        The control plane.
    """

    def __init__(self, moto: MotoBackend) -> None:
        self.operations: dict[str, Callable[[Parameters], Parameters]] = {
            "CreateModelPackageGroup": self.create_group,
            "DeleteModelPackageGroup": self.delete_group,
            "CreateModelPackage": self.create,
            "DeleteModelPackage": self.delete,
            "UpdateModelPackage": self.update,
            "DescribeModelPackage": self.describe,
        }
        self._moto = moto
        self._groups: dict[str, Parameters] = {}
        self._packages: dict[str, Parameters] = {}

    def create_group(self, parameters: Parameters) -> Parameters:
        """Create a group.

        Parameters
        ----------
        parameters : dict
            Input of `CreateModelPackageGroup`.

        Returns
        -------
        dict
            Its output.

        Raises
        ------
        ServiceError
            If there is one of that name.
        """
        key = "ModelPackageGroupName"
        refuse_second(self._moto, "model package group", "DescribeModelPackageGroup", key, parameters)
        answer = self._moto.call("CreateModelPackageGroup", parameters)
        self._groups[parameters[key]] = parameters
        return answer

    def delete_group(self, parameters: Parameters) -> Parameters:
        """Delete a group.

        Parameters
        ----------
        parameters : dict
            Input of `DeleteModelPackageGroup`.

        Returns
        -------
        dict
            Nothing in it.

        Raises
        ------
        ServiceError
            If there is none, or it is not empty.
        """
        name = _short(parameters["ModelPackageGroupName"])
        self._moto.call("DescribeModelPackageGroup", {"ModelPackageGroupName": name})
        with self._moto.lock:
            if any(package.get("ModelPackageGroupName") == name for package in self._packages.values()):
                message = f"Model Package Group {name} cannot be deleted because it contains model packages."
                raise ServiceError("ConflictException", message)
            del moto_records("model_package_groups")[name]
            self._groups.pop(name, None)
        return {}

    def create(self, parameters: Parameters) -> Parameters:
        """Register a version in a group, or a package without versions.

        Parameters
        ----------
        parameters : dict
            Input of `CreateModelPackage`.

        Returns
        -------
        dict
            Its output.

        Raises
        ------
        ServiceError
            If there is no such group, or moto refuses it.
        """
        request = dict(parameters)
        if group := request.get("ModelPackageGroupName"):
            request["ModelPackageGroupName"] = _short(group)
            request.setdefault("ModelApprovalStatus", "PendingManualApproval")
        token = request.get("ClientToken")
        with self._moto.lock:
            if again := [arn for arn, made in self._packages.items() if token and made.get("ClientToken") == token]:
                return {"ModelPackageArn": again[0]}
            answer = self._moto.call("CreateModelPackage", request)
            arn = answer["ModelPackageArn"]
            self._packages[arn] = request
            # An invented user of SageMaker Studio.
            moto_records("model_packages")[arn].created_by = None
        return answer

    def delete(self, parameters: Parameters) -> Parameters:
        """Delete a package.

        Parameters
        ----------
        parameters : dict
            Input of `DeleteModelPackage`.

        Returns
        -------
        dict
            Nothing in it.

        Raises
        ------
        ServiceError
            If there is none.
        """
        arn = self.describe(parameters)["ModelPackageArn"]
        with self._moto.lock:
            del moto_records("model_packages")[arn]
            self._packages.pop(arn, None)
        return {}

    def update(self, parameters: Parameters) -> Parameters:
        """Change a package; what the request does not name stays.

        Parameters
        ----------
        parameters : dict
            Input of `UpdateModelPackage`.

        Returns
        -------
        dict
            Its output.

        Raises
        ------
        ServiceError
            If there is none.
        """
        with self._moto.lock:
            present = self.describe({"ModelPackageName": parameters["ModelPackageArn"]})
            kept = {name: present[name] for name in ("ModelApprovalStatus", "ApprovalDescription") if name in present}
            properties = present.get("CustomerMetadataProperties", {}) | parameters.get(
                "CustomerMetadataProperties", {}
            )
            return self._moto.call("UpdateModelPackage", kept | parameters | {"CustomerMetadataProperties": properties})

    def describe(self, parameters: Parameters) -> Parameters:
        """Describe a package.

        Parameters
        ----------
        parameters : dict
            Input of `DescribeModelPackage`: a name, an ARN, or a group's name with a version.

        Returns
        -------
        dict
            Its output.

        Raises
        ------
        ServiceError
            If there is none.
        """
        name = parameters["ModelPackageName"]
        if "/" in name and not name.startswith("arn:"):
            name = f"arn:aws:sagemaker:{REGION}:{ACCOUNT_ID}:model-package/{name.lower()}"
        return self._moto.call("DescribeModelPackage", {"ModelPackageName": name})

    def with_package(self, container: Parameters) -> Parameters:
        """Fill in what a model's container takes from a model package.

        Parameters
        ----------
        container : dict
            A model's `PrimaryContainer`.

        Returns
        -------
        dict
            The same, with image, model data and environment of the package that it names, if it names one.

        Raises
        ------
        ServiceError
            If there is no such package, it was rejected, or it can't be used for inference.
        """
        name = container.get("ModelPackageName")
        if not name:
            return container
        package = self.describe({"ModelPackageName": name})
        if package.get("ModelApprovalStatus") == "Rejected":
            raise ServiceError("ValidationException", f"Model package {name} is Rejected: it can't be deployed.")
        containers = package.get("InferenceSpecification", {}).get("Containers", [])
        if not containers or "ModelDataUrl" not in containers[0]:
            message = f"Model package {name} has no container with a ModelDataUrl in its InferenceSpecification."
            raise ServiceError("ValidationException", message)
        own = {member: containers[0][member] for member in _FROM_PACKAGE if member in containers[0]}
        environment = own.get("Environment", {}) | container.get("Environment", {})
        return own | container | {"Environment": environment}

    def get_state(self) -> dict[str, Any]:
        """Return what brings everything back; MiniStack saves it when the cloud stops."""
        with self._moto.lock:
            records = moto_records("model_packages") if self._packages else {}
            packages = [
                {"Request": request, "Record": {member: plain(getattr(records[arn], member)) for member in _SAVED}}
                for arn, request in self._packages.items()
            ]
            return {"groups": list(self._groups.values()), "packages": packages}

    def load_persisted_state(self, state: dict[str, Any]) -> None:
        """Bring back what `get_state` returned."""
        for group in state["groups"]:
            self.create_group(group)
        for package in state["packages"]:
            arn = self.create(package["Request"])["ModelPackageArn"]
            for member, value in package["Record"].items():
                setattr(moto_records("model_packages")[arn], member, rich(value))


def _short(group: str) -> str:
    return group.rpartition("/")[2]
