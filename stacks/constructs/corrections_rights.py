"""The rights of CollectCorrections: read what was captured, decided and uploaded, write what training jobs read."""
# jsii names the parameters of its interfaces differently from those of its classes.
# pyright: reportArgumentType=false

from __future__ import annotations

from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3

from signpost.capture.corrections import CORRECTIONS
from signpost.routing.prefixes import CAPTURE, CORRECTED, DECISIONS
from signpost.settings.file import Settings
from stacks.constructs.acknowledge import acknowledge, any_object
from stacks.constructs.rights import allow
from stacks.storage import StorageStack


def allow_corrections(function: lambda_.Function, settings: Settings, storage: StorageStack) -> None:
    """Allow a function to join corrections with images, for every classifier that is trained.

    Parameters
    ----------
    function : aws_cdk.aws_lambda.Function
    settings : Settings
        Names the trained classifiers, and the other buckets that images may come from.
    storage : StorageStack
        The app's buckets.
    """
    reasons: dict[str, str] = {}
    read: list[tuple[s3.Bucket, list[str]]] = [
        (storage.captured, [CAPTURE, CORRECTIONS]),
        (storage.decisions, [DECISIONS]),
    ]
    for bucket, folders in read:
        allow(function, ["s3:GetObject"], [bucket.arn_for_objects(f"{folder}*") for folder in folders])
        prefixes = {"StringLike": {"s3:prefix": [f"{folder}*" for folder in folders]}}
        listing = iam.PolicyStatement(actions=["s3:ListBucket"], resources=[bucket.bucket_arn], conditions=prefixes)
        function.add_to_role_policy(listing)
        reasons |= {any_object(bucket, folder): "Names are made at run time." for folder in folders}
    sources = [f"arn:aws:s3:::{name}/*" for name in settings.app.source_buckets]
    uploads = [storage.incoming.arn_for_objects("*"), *sources]
    allow(function, ["s3:GetObject", "s3:GetObjectVersion"], uploads)
    reasons |= {any_object(storage.incoming, ""): "Any image of the bucket may have been routed."}
    reasons |= {f"IAM5[Resource::{arn}]": "A bucket that signpost.toml names as a source." for arn in sources}
    written = [f"{CORRECTED}{name}/" for name in settings.trained]
    allow(function, ["s3:PutObject"], [storage.models.arn_for_objects(f"{folder}*") for folder in written])
    reasons |= {any_object(storage.models, folder): "The folders of the trained classifiers." for folder in written}
    assert function.role is not None  # noqa: S101 - every function of this app has a role of its own
    acknowledge(function.role, reasons)
