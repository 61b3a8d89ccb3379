"""A packed model in the bucket of CDK's assets, under a key that SageMaker accepts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aws_cdk import AssetStaging, Aws, DefaultStackSynthesizer, FileAssetPackaging, IStackSynthesizer, Stack
from constructs import Construct
from filelock import FileLock

from signpost.model.package import pack

_ROOT = Path(__file__).parents[2]
_BUCKET = f"cdk-{DefaultStackSynthesizer.DEFAULT_QUALIFIER}-assets-{Aws.ACCOUNT_ID}-{Aws.REGION}"


@dataclass(frozen=True)
class ModelPackage:
    """Location of a packed model.

    Attributes
    ----------
    url, arn : str
        Of the object in S3.
    """

    url: str
    arn: str


def package_key(app: str, name: str, digest: str) -> str:
    """Return the key of a packed model; ``*`` as digest gives the pattern of all that were ever deployed."""
    return f"{app}-{name}-{digest}.tar.gz"


def any_package_arn(app: str, name: str) -> str:
    """Return the ARN pattern of all packed models of a classifier, those of earlier deployments included."""
    return f"arn:{Aws.PARTITION}:s3:::{_BUCKET}/{package_key(app, name, '*')}"


def model_package(
    scope: Construct, construct_id: str, *, app: str, name: str, model: Path, publisher: IStackSynthesizer
) -> ModelPackage:
    """Pack a model and have it uploaded when the stack is deployed.

    SageMaker requires model data to end with ``.tar.gz``, and an `aws_cdk.aws_s3_assets.Asset` keeps only the last
    extension of a file.

    Parameters
    ----------
    scope, construct_id
        As for every construct.
    app, name : str
        First parts of the key.
    model : Path
        Folder of the model package.
    publisher : aws_cdk.IStackSynthesizer
        That of the stack.

    Returns
    -------
    ModelPackage

    Raises
    ------
    PackageError
        If the folder is not a model package.
    """
    archive = _ROOT / "build" / "models" / f"{name}.tar.gz"
    archive.parent.mkdir(parents=True, exist_ok=True)
    # Another synthesis may pack another model of this name; the asset is a copy.
    with FileLock(archive.with_suffix(".lock")):
        pack(model, archive)
        staged = AssetStaging(scope, construct_id, source_path=str(archive))
    location = publisher.add_file_asset(
        # The synthesizer appends the last extension of the file.
        source_hash=package_key(app, name, staged.asset_hash).removesuffix(".gz"),
        file_name=staged.relative_staged_path(Stack.of(scope)),
        packaging=FileAssetPackaging.FILE,
    )
    arn = f"arn:{Aws.PARTITION}:s3:::{location.bucket_name}/{location.object_key}"
    return ModelPackage(url=location.s3_object_url, arn=arn)
