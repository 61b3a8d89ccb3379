"""A CodeBuild project that builds a container image and pushes it to a repository of its own."""
# jsii names the parameters of its interfaces differently from those of its classes.
# pyright: reportArgumentType=false

from __future__ import annotations

import json

from aws_cdk import IgnoreMode, Stack
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from signpost.aws.container_images import project_name
from stacks.constructs.acknowledge import acknowledge
from stacks.constructs.container_image import ROOT, ImageContext
from stacks.constructs.log_group import month_of_logs
from stacks.stage import Stage

# AWS's own image, with Docker, for the processor that the endpoints' instances have.
_BUILDER = "aws/codebuild/standard:7.0"
# An endpoint needs its image each time that an instance starts: far more are kept than are in use.
_IMAGES_KEPT = 100
_TIMEOUT_MINUTES = 60
_COMMANDS = {
    "pre_build": [
        'aws ecr get-login-password | docker login --username AWS --password-stdin "${REPOSITORY%%/*}"',
    ],
    # SageMaker accepts Docker's media types only, and an image, not an index of an image and its attestations.
    # In one phase: a push would otherwise be tried after a build that failed.
    "build": [
        "docker build --provenance=false --sbom=false --output type=docker,oci-mediatypes=false "
        '--build-arg SOURCE_DATE_EPOCH --file "$DOCKERFILE" --tag "$REPOSITORY:$TAG" .',
        'docker push "$REPOSITORY:$TAG"',
    ],
}
# https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push.html
_PUSH = [
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
]


class ImageBuild(Construct):
    """Builds one image, when asked to.

    Parameters
    ----------
    scope, construct_id
        As for every construct.
    app, image : str
        Name the project.
    context : ImageContext
        What the image is built from; its hash is the image's tag.
    stage : Stage
        What becomes of the images when the stack is deleted.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, app: str, image: str, context: ImageContext, stage: Stage
    ) -> None:
        super().__init__(scope, construct_id)
        name = project_name(app, image)
        source = assets.Asset(self, "Context", path=str(ROOT), exclude=context.exclude, ignore_mode=IgnoreMode.DOCKER)
        repository = ecr.Repository(
            self,
            "Repository",
            image_tag_mutability=ecr.TagMutability.IMMUTABLE,
            image_scan_on_push=True,
            lifecycle_rules=[ecr.LifecycleRule(max_image_count=_IMAGES_KEPT)],
            removal_policy=stage.removal_policy,
        )
        log_group = month_of_logs(self, f"/aws/codebuild/{name}")
        role = self._role(name, source, repository, log_group)
        variables = {
            "REPOSITORY": repository.repository_uri,
            "TAG": source.asset_hash,
            "DOCKERFILE": context.dockerfile,
            "SOURCE_DATE_EPOCH": "0",
        }
        self._project(name, source, role, log_group, variables)

    def _role(
        self, project: str, source: assets.Asset, repository: ecr.Repository, log_group: logs.LogGroup
    ) -> iam.Role:
        arn = Stack.of(self).format_arn(service="codebuild", resource="project", resource_name=project)
        allowed = [
            (["s3:GetObject", "s3:GetObjectVersion"], source.bucket.arn_for_objects(source.s3_object_key)),
            (["s3:GetBucketAcl", "s3:GetBucketLocation"], source.bucket.bucket_arn),
            (_PUSH, repository.repository_arn),
            (["ecr:GetAuthorizationToken"], "*"),
            (["logs:CreateLogStream", "logs:PutLogEvents"], log_group.log_group_arn),
        ]
        statements = [iam.PolicyStatement(actions=actions, resources=[resource]) for actions, resource in allowed]
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "codebuild.amazonaws.com", conditions={"ArnEquals": {"aws:SourceArn": arn}}
            ),
            inline_policies={"Build": iam.PolicyDocument(statements=statements)},
        )
        acknowledge(role, {"IAM5[Resource::*]": "GetAuthorizationToken knows no resources."})
        return role

    def _project(
        self, name: str, source: assets.Asset, role: iam.Role, log_group: logs.LogGroup, variables: dict[str, str]
    ) -> None:
        kind = codebuild.CfnProject
        phases = {phase: {"commands": commands} for phase, commands in _COMMANDS.items()}
        project = codebuild.CfnProject(
            self,
            "Project",
            name=name,
            service_role=role.role_arn,
            source=kind.SourceProperty(
                type="S3",
                location=f"{source.s3_bucket_name}/{source.s3_object_key}",
                build_spec=json.dumps({"version": "0.2", "phases": phases}),
            ),
            artifacts=kind.ArtifactsProperty(type="NO_ARTIFACTS"),
            environment=kind.EnvironmentProperty(
                type="LINUX_CONTAINER",
                compute_type="BUILD_GENERAL1_SMALL",
                image=_BUILDER,
                privileged_mode=True,  # Docker's daemon runs in it
                environment_variables=[
                    kind.EnvironmentVariableProperty(name=key, value=value) for key, value in variables.items()
                ],
            ),
            logs_config=kind.LogsConfigProperty(
                cloud_watch_logs=kind.CloudWatchLogsConfigProperty(
                    status="ENABLED", group_name=log_group.log_group_name
                )
            ),
            timeout_in_minutes=_TIMEOUT_MINUTES,
        )
        acknowledge(
            project,
            {
                "CB3": "Docker builds an image only with privileges; it runs our own Dockerfile, from the asset.",
                "CB4": "The build leaves no artifacts that could be encrypted; the repository encrypts the image.",
            },
        )
