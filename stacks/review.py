"""The review stack: the review page behind API Gateway, for people who sign in."""

# jsii names the parameters of its interfaces differently from those of its classes.
# pyright: reportArgumentType=false

from __future__ import annotations

from typing import Any, cast

from aws_cdk import Aws, CfnOutput, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from signpost.api.contracts import STAGE
from signpost.capture.corrections import CORRECTIONS
from signpost.routing.prefixes import CAPTURE, DECISIONS, OPINIONS, REVIEW_INDEX
from signpost.settings.file import Settings
from signpost.settings.lambda_config import ReviewConfiguration, ReviewIndexConfiguration
from stacks.api import ApiStack
from stacks.constructs.acknowledge import acknowledge, any_object
from stacks.constructs.firewall import Firewall
from stacks.constructs.gateway_stage import execution_log, stage_options
from stacks.constructs.review_functions import ReviewFunctions
from stacks.constructs.reviewers import Reviewers
from stacks.constructs.rights import allow
from stacks.stage import Stage
from stacks.storage import StorageStack

# Of all visitors together: a list is a page and its 24 pictures.
_RATE, _BURST = 50, 100


class ReviewStack(Stack):
    """Shows people what the model saw, and takes corrections.

    Parameters
    ----------
    settings : Settings
        The app's name, its classifiers and limits.
    stage : Stage
        Where this is deployed to.
    storage : StorageStack
        The buckets.
    api : ApiStack
        Lets API Gateway write logs.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        stage: Stage,
        storage: StorageStack,
        api: ApiStack,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self.add_stack_dependency(api)
        self._settings, self._storage = settings, storage
        gateway = self._gateway()
        address = _address(gateway, stage)
        reviewers = Reviewers(self, "Reviewers", settings=settings, stage=stage, address=address)
        secret = self._secret()
        buckets = {"captured_bucket": storage.captured.bucket_name, "decisions_bucket": storage.decisions.bucket_name}
        functions = ReviewFunctions(self, "Functions", settings=settings, stage=stage)
        index = functions.index(ReviewIndexConfiguration(**buckets))
        page = functions.page(
            ReviewConfiguration(
                **buckets,
                address=address,
                provider=reviewers.provider,
                secret=secret,
                index_function=index.function_name,
            )
        )
        self._grant_index(index)
        self._grant_page(page, index, secret)
        # The page tells visitors apart itself, since who has not signed in is led to where they can.
        integration = apigateway.LambdaIntegration(page, allow_test_invoke=False)
        for resource in (gateway.root, gateway.root.add_resource("{proxy+}")):
            resource.add_method("ANY", integration, authorization_type=apigateway.AuthorizationType.NONE)
        if settings.api.firewall:
            firewall = Firewall(self, "Firewall", settings=settings, name="review")
            Firewall.protect(self, gateway.deployment_stage.stage_arn, firewall.arn)
        else:
            acknowledge(gateway, {"APIG3": "signpost.toml says so."})
        CfnOutput(self, "ReviewUrl", value=f"{address}/")
        CfnOutput(self, "ReviewPool", value=reviewers.pool.user_pool_id)

    def _gateway(self) -> apigateway.RestApi:
        name = f"{self._settings.app.name}-review"
        gateway = apigateway.RestApi(
            self,
            "Gateway",
            rest_api_name=name,
            # A browser asks for pictures by types that can't all be named.
            binary_media_types=["*/*"],
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            cloud_watch_role=False,
            deploy_options=stage_options(self, name, rate=_RATE, burst=_BURST),
        )
        execution_log(self, gateway)
        gateway.node.try_remove_child("Endpoint")  # an output that the stack has under a better name
        acknowledge(
            gateway,
            {
                "APIG2": "The page checks what it is sent, and says what is wrong.",
                "APIG4": "The page itself asks for a session, and leads everybody else to the sign-in.",
                "COG4": "As above: a browser brings a cookie, and no token.",
            },
        )
        return gateway

    def _secret(self) -> str:
        """Make the secret, and give its ARN."""
        secret = secretsmanager.Secret(
            self,
            "Secret",
            description="Signs sessions and addresses of pictures of the review page",
            generate_secret_string=secretsmanager.SecretStringGenerator(password_length=64, exclude_punctuation=True),
        )
        acknowledge(secret, {"SMG4": "A new value ends every session; whoever needs that gives it one."})
        # What Ref gives as well, but not on the local cloud.
        return cast(secretsmanager.CfnSecret, secret.node.default_child).attr_id

    def _grant_index(self, function: lambda_.Function) -> None:
        captured, decisions = self._storage.captured, self._storage.decisions
        for bucket, folders in ((captured, [CAPTURE, CORRECTIONS, OPINIONS]), (decisions, [DECISIONS, REVIEW_INDEX])):
            _read(function, bucket, folders)
            _list(function, bucket, folders)
        allow(function, ["s3:PutObject"], [decisions.arn_for_objects(f"{REVIEW_INDEX}*")])

    def _grant_page(self, function: lambda_.Function, index: lambda_.Function, secret: str) -> None:
        captured, decisions, incoming = self._storage.captured, self._storage.decisions, self._storage.incoming
        _read(function, captured, [CAPTURE, CORRECTIONS])
        _list(function, captured, [CORRECTIONS])
        _read(function, decisions, [REVIEW_INDEX])
        _list(function, decisions, [REVIEW_INDEX])
        allow(function, ["s3:PutObject", "s3:DeleteObject"], [captured.arn_for_objects(f"{CORRECTIONS}*")])
        named = [f"arn:aws:s3:::{bucket}" for bucket in self._settings.app.source_buckets]
        originals = [incoming.arn_for_objects("*"), *(f"{arn}/*" for arn in named)]
        allow(function, ["s3:GetObject", "s3:GetObjectVersion"], originals)
        allow(function, ["secretsmanager:GetSecretValue"], [secret])
        allow(function, ["lambda:InvokeFunction"], [index.function_arn])
        sources = {f"IAM5[Resource::{arn}/*]": "A bucket that signpost.toml names as a source." for arn in named}
        _acknowledge(function, {any_object(incoming, ""): "Any picture of the bucket may have been routed."} | sources)


def _address(gateway: apigateway.RestApi, stage: Stage) -> str:
    """Say where the page is, without asking the API's stage, which waits for the function that is told this."""
    if stage.endpoint:
        return f"{stage.endpoint}/_aws/execute-api/{gateway.rest_api_id}/{STAGE}"
    return f"https://{gateway.rest_api_id}.execute-api.{Aws.REGION}.{Aws.URL_SUFFIX}/{STAGE}"


def _read(function: lambda_.Function, bucket: s3.Bucket, folders: list[str]) -> None:
    allow(function, ["s3:GetObject"], [bucket.arn_for_objects(f"{folder}*") for folder in folders])
    _acknowledge(function, {any_object(bucket, folder): "Records are named as they are written." for folder in folders})


def _list(function: lambda_.Function, bucket: s3.Bucket, folders: list[str]) -> None:
    only = {"StringLike": {"s3:prefix": [f"{folder}*" for folder in folders]}}
    statement = iam.PolicyStatement(actions=["s3:ListBucket"], resources=[bucket.bucket_arn], conditions=only)
    function.add_to_role_policy(statement)


def _acknowledge(function: lambda_.Function, reasons: dict[str, str]) -> None:
    assert function.role is not None  # noqa: S101 - every function of this app has a role of its own
    acknowledge(function.role, reasons)
