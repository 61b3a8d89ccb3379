"""The image of a container: one that is named, or one that is built from this repository."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import Aws
from aws_cdk import aws_ecr_assets as ecr_assets
from constructs import Construct

ROOT = Path(__file__).parents[2]
_ECR_IMAGE = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.[^/]+/(?P<repository>[^:@]+)")


@dataclass(frozen=True)
class ImageContext:
    """What an image is built from; a change elsewhere builds no new image.

    Attributes
    ----------
    folder : str
        Where its Dockerfile lies.
    contents : tuple of str
        What it is made of besides.
    """

    folder: str
    contents: tuple[str, ...]

    @property
    def dockerfile(self) -> str:
        """Its path in the repository."""
        return f"{self.folder}/Dockerfile"

    @property
    def exclude(self) -> list[str]:
        """Patterns, as in ``.dockerignore``, of what stays out."""
        return ["*", *(f"!{path}" for path in (self.folder, *self.contents)), "**/__pycache__", "**/benchmark"]


SERVER = ImageContext("serving", ("signpost", "requirements/serving.txt", "requirements/container.txt"))
TRAINING = ImageContext("training", ("signpost", "requirements/training.txt"))


class ContainerImage:
    """Builds the image at most once, and only where none is named.

    Parameters
    ----------
    scope : Construct
    construct_id : str
        Of the image that is built.
    context : ImageContext
        What it is built from.
    """

    def __init__(self, scope: Construct, construct_id: str, context: ImageContext) -> None:
        self._scope, self._id, self._context = scope, construct_id, context
        self._built: ecr_assets.DockerImageAsset | None = None

    def resolve(self, named: str | None) -> tuple[str, str | None]:
        """Name the image, and the ECR repository that it is pulled from.

        Parameters
        ----------
        named : str or None
            An image that is there already.

        Returns
        -------
        str
            URI of the image.
        str or None
            ARN of its ECR repository; None where it is not in ECR.
        """
        if named:
            return named, repository_of(named)
        if self._built is None:
            self._built = ecr_assets.DockerImageAsset(
                self._scope,
                self._id,
                directory=str(ROOT),
                file=self._context.dockerfile,
                platform=ecr_assets.Platform.LINUX_AMD64,
                # SageMaker refuses OCI's media types. The CDK command itself switches attestations off.
                outputs=["type=docker,oci-mediatypes=false"],
                exclude=self._context.exclude,
            )
        return self._built.image_uri, self._built.repository.repository_arn


def repository_of(image_uri: str) -> str | None:
    """Find the ECR repository that an image is named in.

    Parameters
    ----------
    image_uri : str
        Name of a container image.

    Returns
    -------
    str or None
        The repository's ARN; None where the image is not in ECR.
    """
    found = _ECR_IMAGE.match(image_uri)
    if not found:
        return None
    return f"arn:{Aws.PARTITION}:ecr:{found['region']}:{found['account']}:repository/{found['repository']}"
