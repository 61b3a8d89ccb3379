"""Fetch a model package from S3 as SageMaker does: with the model's role, into a private folder."""

import tarfile
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from localcloud.answers import ServiceError
from localcloud.execution_role import RoleNotAssumableError, client_of_role

PRINCIPAL = "sagemaker.amazonaws.com"
# A package of this project is below 1 MB; the bounds keep a hostile archive from filling the disk.
MAX_ARCHIVE_BYTES = 500_000_000
MAX_UNPACKED_BYTES = 1_000_000_000
MAX_MEMBERS = 1_000


class PackageError(Exception):
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
    PackageError
        If it cannot be read, is no archive, or is larger than the bounds allow.
    """
    bucket, key = split_s3_uri(url)
    folder.mkdir(parents=True)
    with tempfile.TemporaryFile() as archive:
        try:
            answer = client_of_role(role_arn, PRINCIPAL, "s3", port).get_object(Bucket=bucket, Key=key)
            _copy(answer["Body"], archive, answer["ContentLength"])
        except (RoleNotAssumableError, ClientError, BotoCoreError) as error:
            raise PackageError(
                f'Failed to download model data for container "primary" from URL: "{url}". Please ensure that there is '
                "an object located at the URL and that the role passed to CreateModel has permissions to download "
                f"the object. ({error})"
            ) from error
        archive.seek(0)
        _unpack(archive, folder, url)


def _copy(body: Any, archive: Any, size: int) -> None:
    if size > MAX_ARCHIVE_BYTES:
        raise PackageError(f"The model package has {size} bytes; at most {MAX_ARCHIVE_BYTES} are taken.")
    for chunk in body.iter_chunks(1 << 20):
        archive.write(chunk)


def _unpack(archive: Any, folder: Path, url: str) -> None:
    try:
        with tarfile.open(fileobj=archive, mode="r:gz") as package:
            unpacked = 0
            for count, member in enumerate(package, start=1):
                unpacked += member.size
                if count > MAX_MEMBERS or unpacked > MAX_UNPACKED_BYTES:
                    raise PackageError(f"The model package at {url} is larger than a model package may be.")
                # The data filter refuses paths that lead outside, links and devices.
                package.extract(member, folder, filter="data")
    except (tarfile.TarError, OSError, EOFError) as error:
        raise PackageError(f"The model package at {url} cannot be unpacked: {error}") from error
