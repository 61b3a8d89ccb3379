"""The trained models of a classifier in SageMaker's Model Registry."""

from __future__ import annotations

import gzip
import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from signpost.errors import ArchiveError, DeploymentError, PackageError
from signpost.model.archives import unpack_tar
from signpost.model.known_pictures import FOLDER
from signpost.model.manifest import Manifest
from signpost.model.package import ARCHIVE_BOUNDS, open_package

_SHOWN = 50
# What the training machine writes beside every version that it registers.
_OWN_FIGURES = {"model_version", "data_fingerprint"}


@dataclass(frozen=True)
class Registered:
    """A version in the registry.

    Attributes
    ----------
    arn : str
    version : str
        The model's own; the registry's number where another program made it.
    status : str
        ``PendingManualApproval``, ``Approved`` or ``Rejected``.
    created : datetime
    location : str
        Where its ``model.tar.gz`` is, as ``s3://…``; empty where another program names none.
    figures : dict of str to str
        What was measured before it was registered.
    made_by_signpost : bool
        Whether the training machine registered it. Other programs may write into the group, too; their versions are
        listed, and neither approved nor pulled.
    """

    arn: str
    version: str
    status: str
    created: datetime
    location: str
    figures: dict[str, str]
    made_by_signpost: bool


def registered(sagemaker: Any, group: str) -> list[Registered]:
    """List the latest versions.

    Parameters
    ----------
    sagemaker : botocore.client.SageMaker
        The client.
    group : str
        The classifier's group of model packages.

    Returns
    -------
    list of Registered
        The newest first, at most 50.
    """
    listed = sagemaker.list_model_packages(
        ModelPackageGroupName=group, SortBy="CreationTime", SortOrder="Descending", MaxResults=_SHOWN
    )
    return [_read(sagemaker, summary["ModelPackageArn"]) for summary in listed["ModelPackageSummaryList"]]


def newest(models: list[Registered], status: str) -> Registered:
    """Choose the newest version of a status that Signpost made.

    Raises
    ------
    DeploymentError
        If there is none.
    """
    for model in models:
        if model.made_by_signpost and model.status == status:
            return model
    there = ", ".join(f"{model.version} ({model.status}{_origin(model)})" for model in models) or "nothing"
    raise DeploymentError(f"the registry has no model that is {status}; there is {there}")


def decide(sagemaker: Any, model: Registered, status: str, why: str) -> None:
    """Approve or reject a version.

    Parameters
    ----------
    sagemaker : botocore.client.SageMaker
        The client.
    model : Registered
        Which one.
    status : str
        ``Approved`` or ``Rejected``.
    why : str
        Kept beside it.
    """
    sagemaker.update_model_package(ModelPackageArn=model.arn, ModelApprovalStatus=status, ApprovalDescription=why)


def pull(s3: Any, model: Registered, folder: Path) -> Manifest:
    """Bring a version's package into a folder, in place of the one that is there; known pictures stay.

    Parameters
    ----------
    s3 : botocore.client.S3
        The client.
    model : Registered
        Which one.
    folder : Path
        The classifier's model folder.

    Returns
    -------
    Manifest

    Raises
    ------
    PackageError
        If it is no package, or not the version that was registered. The folder is then as it was.
    """
    place = urlsplit(model.location)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        archive, fresh = Path(scratch) / "model.tar.gz", Path(scratch) / "package"
        s3.download_file(place.netloc, place.path.lstrip("/"), str(archive))
        fresh.mkdir()
        try:
            with gzip.open(archive) as stream:
                unpack_tar(stream, fresh, ARCHIVE_BOUNDS)
        except (ArchiveError, OSError) as error:
            raise PackageError(f"{model.location} is no usable .tar.gz: {error}") from error
        manifest = open_package(fresh).manifest
        if manifest.version != model.version:
            raise PackageError(f"{model.location} is {manifest.version}, but {model.version} was registered")
        if (folder / FOLDER).is_dir():  # the classifier's, whatever its model
            shutil.copytree(folder / FOLDER, fresh / FOLDER, dirs_exist_ok=True)
        if folder.exists():
            folder.replace(Path(scratch) / "former")
        shutil.move(fresh, folder)
    return manifest


def _read(sagemaker: Any, arn: str) -> Registered:
    found = sagemaker.describe_model_package(ModelPackageName=arn)
    figures = found.get("CustomerMetadataProperties", {})
    own = figures.keys() >= _OWN_FIGURES
    return Registered(
        arn=arn,
        version=figures["model_version"] if own else arn.rpartition("/")[2],
        status=found.get("ModelApprovalStatus", found["ModelPackageStatus"]),
        created=found["CreationTime"],
        location=_location(found),
        figures=figures,
        made_by_signpost=own,
    )


def _location(package: dict[str, Any]) -> str:
    """Return where the model of a version is; other programs may register several containers, or algorithms without."""
    containers = package.get("InferenceSpecification", {}).get("Containers", [])
    if len(containers) != 1:
        return ""
    source = containers[0].get("ModelDataSource", {}).get("S3DataSource", {})
    return containers[0].get("ModelDataUrl") or source.get("S3Uri", "")


def _origin(model: Registered) -> str:
    return "" if model.made_by_signpost else ", not made by Signpost"
