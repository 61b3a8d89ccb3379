"""The storage stack: buckets for incoming pictures, models, captured data and decisions."""

from __future__ import annotations

from typing import cast

from aws_cdk import CfnOutput, Duration, IStackSynthesizer, Stack
from aws_cdk import aws_s3 as s3
from constructs import Construct

from signpost.routing.prefixes import CHECKPOINTS, CORRECTED, PREPARED, QUESTIONS, REVIEW_INDEX
from signpost.settings.file import Settings
from stacks.stage import Stage

_NONCURRENT, _A_DAY, _CHECKPOINTS_KEPT = Duration.days(30), Duration.days(1), Duration.days(30)
_REVIEW_INDEX_KEPT, _IMAGES_KEPT = Duration.days(30), Duration.days(90)


class StorageStack(Stack):
    """Everything that is kept.

    Parameters
    ----------
    scope, construct_id
        As for every stack.
    settings : Settings
        The app's name, and the web pages that may upload.
    stage : Stage
        What becomes of the buckets when the stack is deleted.
    synthesizer
        How assets are published; None is the CDK's default.

    Attributes
    ----------
    incoming, models, captured, decisions : aws_cdk.aws_s3.Bucket
        Pictures to route; trained model packages; captured requests and answers; decisions, with large prepared
        pictures on their way to Classify under ``prepared/``.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        stage: Stage,
        synthesizer: IStackSynthesizer | None = None,
    ) -> None:
        title = f"{settings.app.name}: pictures, models, captured data and decisions"
        super().__init__(scope, construct_id, description=title, synthesizer=synthesizer)
        self._stage = stage
        self._access_logs = self._bucket("AccessLogs", expires=Duration.days(90))
        self.incoming = self._logged("Incoming", expires=_IMAGES_KEPT)
        if settings.api.cors_origins:  # their pages upload what POST /uploads gave them a form for
            self.incoming.add_cors_rule(
                allowed_methods=[s3.HttpMethods.POST], allowed_origins=settings.api.cors_origins
            )
        self.models = self._logged("Models")
        # A job has its checkpoints in a folder of its own, and nobody needs them once it is over.
        self.models.add_lifecycle_rule(
            id="checkpoints",
            prefix=CHECKPOINTS,
            expiration=_CHECKPOINTS_KEPT,
            noncurrent_version_expiration=_A_DAY,
        )
        # Copies of users' images are kept no longer than the images themselves.
        self.models.add_lifecycle_rule(
            id="corrected", prefix=CORRECTED, expiration=_IMAGES_KEPT, noncurrent_version_expiration=_A_DAY
        )
        self.captured = self._logged("Captured", expires=_IMAGES_KEPT)
        self.decisions = self._logged("Decisions")
        for name, prefix in {"prepared": PREPARED, "questions": QUESTIONS}.items():
            self.decisions.add_lifecycle_rule(
                id=name, prefix=prefix, expiration=_A_DAY, noncurrent_version_expiration=_A_DAY
            )
        # A copy that is made anew, written often while somebody reviews.
        self.decisions.add_lifecycle_rule(
            id="review-index",
            prefix=REVIEW_INDEX,
            expiration=_REVIEW_INDEX_KEPT,
            noncurrent_version_expiration=_A_DAY,
        )
        # The L2 property would deploy a helper function to set what the bucket's own property says.
        resource = cast(s3.CfnBucket, self.incoming.node.default_child)
        resource.add_property_override("NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled", True)
        for name in ("Incoming", "Models", "Captured", "Decisions"):
            bucket: s3.Bucket = getattr(self, name.lower())
            CfnOutput(self, f"{name}Bucket", value=bucket.bucket_name)
            # Exported whether or not another stack uses them now: an export that is in use can't be taken away, so
            # a change of hosting would stop here otherwise.
            self.export_value(bucket.bucket_arn)
            self.export_value(bucket.bucket_name)

    def _logged(self, construct_id: str, *, expires: Duration | None = None) -> s3.Bucket:
        return self._bucket(construct_id, expires=expires, access_logs=self._access_logs)

    def _bucket(
        self, construct_id: str, *, expires: Duration | None = None, access_logs: s3.Bucket | None = None
    ) -> s3.Bucket:
        return s3.Bucket(
            self,
            construct_id,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=self._stage.removal_policy,
            server_access_logs_bucket=access_logs,
            server_access_logs_prefix=f"{construct_id.lower()}/" if access_logs else None,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="old",
                    expiration=expires,
                    noncurrent_version_expiration=_NONCURRENT,
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                )
            ],
        )
