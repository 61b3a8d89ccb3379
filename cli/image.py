"""``signpost image``: builds the container images in the cloud, so that a deployment needs no Docker."""

from __future__ import annotations

from cli.connection import settings
from cli.output import console, step
from cli.settings_file import write_value
from signpost.aws import clients
from signpost.aws.container_images import build, built_uri, find_project, project_name, uses


def image() -> None:
    """Build the container images with CodeBuild, in your AWS account, and name them in signpost.toml.

    An image that is built already is only named; one of your own stays as it is named.

    Example: npx cdk deploy signpost-image && signpost image
    """
    known, codebuild, ecr = settings(), clients.client("codebuild"), clients.client("ecr")
    needed = list(uses(known))
    for kind in dict.fromkeys(use.image for use in needed):
        project = find_project(codebuild, project_name(known.app.name, kind))
        served = [use for use in needed if use.image == kind and project.serves(use)]
        if not served:
            continue
        uri = built_uri(project, ecr)
        if uri is None:
            with step(f"Building the {kind} image") as report:
                uri = build(project, codebuild, ecr, report)
        for use in served:
            write_value(use.classifier, use.table, "image_uri", uri)
            console.print(f"[classifiers.{use.classifier}.{use.table}] image_uri = {uri}", markup=False)
    console.print("Deploy to use them.")
