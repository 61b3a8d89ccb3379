"""Container images that CodeBuild makes in the account, so that no Docker is needed where the app is deployed from."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from signpost.errors import DeploymentError
from signpost.settings.file import Settings

SERVER, TRAINING = "server", "training"
_POLL_SECONDS = 5


def project_name(app: str, image: str) -> str:
    """Return the name of the CodeBuild project that makes an image."""
    return f"{app}-image-{image}"


@dataclass(frozen=True)
class ImageUse:
    """A table of a classifier that names an image.

    Attributes
    ----------
    image : str
        `SERVER` or `TRAINING`.
    classifier, table : str
        Where ``image_uri`` is.
    image_uri : str or None
        What it is now.
    """

    image: str
    classifier: str
    table: str
    image_uri: str | None


def uses(settings: Settings) -> Iterator[ImageUse]:
    """Yield every use of an image: by an endpoint, or by training jobs."""
    for name, classifier in settings.classifiers.items():
        if classifier.hosting.has_endpoint and classifier.model:
            yield ImageUse(SERVER, name, "endpoint", classifier.endpoint.image_uri)
        if classifier.training:
            yield ImageUse(TRAINING, name, "training", classifier.training.image_uri)


@dataclass(frozen=True)
class ImageProject:
    """A CodeBuild project that makes an image.

    Attributes
    ----------
    name : str
        Of the project.
    repository : str
        URI of the ECR repository that it pushes to.
    tag : str
        The image's tag: a hash of all that it is built from.
    """

    name: str
    repository: str
    tag: str

    def serves(self, use: ImageUse) -> bool:
        """Whether a table names no image yet, or one of this project's, of whatever version."""
        ours = (f"{self.repository}@", f"{self.repository}:")
        return not use.image_uri or use.image_uri.startswith(ours)


def find_project(codebuild: Any, name: str) -> ImageProject:
    """Find a deployed project.

    Parameters
    ----------
    codebuild : botocore.client.CodeBuild
        The client.
    name : str
        As `project_name` makes it.

    Raises
    ------
    DeploymentError
        If it is not deployed.
    """
    found = codebuild.batch_get_projects(names=[name])["projects"]
    if not found:
        stack = name.rpartition("-")[0]
        raise DeploymentError(f"there is no CodeBuild project {name}: run `npx cdk deploy {stack}` first")
    variables = {variable["name"]: variable["value"] for variable in found[0]["environment"]["environmentVariables"]}
    return ImageProject(name, variables["REPOSITORY"], variables["TAG"])


def built_uri(project: ImageProject, ecr: Any) -> str | None:
    """Return the URI of a project's image, by its digest; None where it is not built yet.

    Parameters
    ----------
    project : ImageProject
        The project.
    ecr : botocore.client.ECR
        The client.
    """
    repository = project.repository.partition("/")[2]
    try:
        found = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": project.tag}])["imageDetails"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ImageNotFoundException":
            return None
        raise
    return f"{project.repository}@{found[0]['imageDigest']}"


def build(project: ImageProject, codebuild: Any, ecr: Any, say: Callable[[str], None]) -> str:
    """Build a project's image, push it, and wait until that is done.

    Parameters
    ----------
    project : ImageProject
        The project.
    codebuild, ecr : botocore.client.CodeBuild, botocore.client.ECR
        The clients.
    say : callable
        Gets the name of each phase.

    Returns
    -------
    str
        URI of the image, by its digest.

    Raises
    ------
    DeploymentError
        If the build fails: which phase, why, and where its log is.
    """
    now = codebuild.start_build(projectName=project.name)["build"]
    while now["buildStatus"] == "IN_PROGRESS":
        say(now.get("currentPhase", "").replace("_", " ").lower())
        time.sleep(_POLL_SECONDS)
        [now] = codebuild.batch_get_builds(ids=[now["id"]])["builds"]
    if now["buildStatus"] != "SUCCEEDED":
        raise DeploymentError(f"the build {now['id']} ended as {now['buildStatus']}{_reason(now)}")
    uri = built_uri(project, ecr)
    if uri is None:
        raise DeploymentError(
            f"the build {now['id']} has left no image {project.repository}:{project.tag}: start again"
        )
    return uri


def _reason(ended: dict[str, Any]) -> str:
    failed = [phase for phase in ended.get("phases", []) if phase.get("phaseStatus", "SUCCEEDED") != "SUCCEEDED"]
    why = [
        f"{phase['phaseType']}: {context['message']}"
        for phase in failed
        for context in phase.get("contexts", [])
        if context.get("message")
    ]
    log = ended.get("logs", {}).get("deepLink")
    return "; ".join(["", *why, *([f"its log: {log}"] if log else [])])
