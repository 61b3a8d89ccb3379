"""Fetch a model package from S3 as SageMaker does: with the model's role, into a private folder."""

import gzip
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from localcloud.answers import ServiceError
from localcloud.execution_role import RoleNotAssumableError, client_of_role
from signpost.errors import ArchiveError
from signpost.model.archives import TarBounds, unpack_tar

PRINCIPAL = "sagemaker.amazonaws.com"
# A package of this project is below 1 MB; the bounds keep a hostile archive from filling the disk.
MAX_ARCHIVE_BYTES = 500_000_000
BOUNDS = TarBounds(total_bytes=1_000_000_000, member_bytes=1_000_000_000, members=1_000)


class FetchError(Exception):
    """The package cannot be fetched or unpacked; the message is fit for a `FailureReason`."""


def split_s3_uri(uri: str) -> tuple[str, str]:
    """Split an S3 URI.

    Parameters
    ----------
    uri : str
        Such as `s3://bucket/some/key`.

    Returns
    -------
    tuple of str and str
        Bucket, key.

    Raises
    ------
    ServiceError
        If it is no S3 URI.
    """
    parts = urlsplit(uri)
    if parts.scheme != "s3" or not parts.netloc:
        raise ServiceError("ValidationException", f"'{uri}' is not an S3 URI")
    return parts.netloc, parts.path.lstrip("/")


def check_access(url: str, role_arn: str, port: int) -> None:
    """Refuse a model whose package its role cannot read, as `CreateModel` does.

    Parameters
    ----------
    url : str
        S3 URI of the package.
    role_arn : str
        The model's execution role.
    port : int
        The local cloud's port.

    Raises
    ------
    ServiceError
        `ValidationException`, if the role cannot be taken on, may not read the object, or there is none.
    """
    bucket, key = split_s3_uri(url)
    try:
        client_of_role(role_arn, PRINCIPAL, "s3", port).head_object(Bucket=bucket, Key=key)
    except (RoleNotAssumableError, ClientError) as error:
        missing = isinstance(error, ClientError) and error.response["Error"]["Code"] in ("404", "NoSuchKey")
        verb = "find" if missing else "access"
        message = (
            f'Could not {verb} model data at {url}. Please ensure that the role "{role_arn}" exists and that its trust '
            'relationship policy allows the action "sts:AssumeRole" for the service principal '
            f'"{PRINCIPAL}". Also ensure that the role has "s3:GetObject" permissions and that the object is there.'
        )
        raise ServiceError("ValidationException", message) from error


def fetch(url: str, role_arn: str, folder: Path, port: int) -> None:
    """Download a package and unpack it.

    Parameters
    ----------
    url : str
        S3 URI of a gzipped tar archive.
    role_arn : str
        The model's execution role, whose permissions count.
    folder : Path
        Where the files go; made here.
    port : int
        The local cloud's port.

    Raises
    ------
    FetchError
        If it cannot be read, is no archive, or is larger than the bounds allow.
    """
    bucket, key = split_s3_uri(url)
    folder.mkdir(parents=True)
    with tempfile.TemporaryFile() as archive:
        try:
            answer = client_of_role(role_arn, PRINCIPAL, "s3", port).get_object(Bucket=bucket, Key=key)
            _copy(answer["Body"], archive, answer["ContentLength"])
        except (RoleNotAssumableError, ClientError, BotoCoreError) as error:
            raise FetchError(
                f'Failed to download model data for container "primary" from URL: "{url}". Please ensure that there is '
                "an object located at the URL and that the role passed to CreateModel has permissions to download "
                f"the object. ({error})"
            ) from error
        archive.seek(0)
        try:
            with gzip.GzipFile(fileobj=archive) as unpacked:
                unpack_tar(unpacked, folder, BOUNDS)
        except ArchiveError as error:
            raise FetchError(f"The model package at {url} cannot be unpacked: {error}") from error


def _copy(body: Any, archive: Any, size: int) -> None:
    if size > MAX_ARCHIVE_BYTES:
        raise FetchError(f"The model package has {size} bytes; at most {MAX_ARCHIVE_BYTES} are taken.")
    for chunk in body.iter_chunks(1 << 20):
        archive.write(chunk)
