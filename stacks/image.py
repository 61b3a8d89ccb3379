"""The image stack: builds container images in the cloud, so that nobody needs Docker."""

from __future__ import annotations

from aws_cdk import Stack
from constructs import Construct

from signpost.aws.container_images import SERVER, TRAINING, uses
from signpost.settings.file import Settings
from stacks.constructs import container_image
from stacks.constructs.image_build import ImageBuild
from stacks.stage import Stage

_CONTEXTS = {SERVER: container_image.SERVER, TRAINING: container_image.TRAINING}


class ImageStack(Stack):
    """A project and a repository for each image that a classifier needs; ``signpost image`` starts the builds.

    Parameters
    ----------
    scope, construct_id
        As for every stack.
    settings : Settings
        The classifiers.
    stage : Stage
        What becomes of the images when the stack is deleted.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, stage: Stage) -> None:
        super().__init__(scope, construct_id, description=f"{settings.app.name}: builds of container images")
        for image in dict.fromkeys(use.image for use in uses(settings)):
            ImageBuild(
                self,
                image.title(),
                app=settings.app.name,
                image=image,
                context=_CONTEXTS[image],
                stage=stage,
            )
