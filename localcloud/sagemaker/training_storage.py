"""What a training job reads from S3 and writes there, with the permissions of its role."""

import contextlib
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from localcloud.answers import ServiceError
from localcloud.sagemaker.training_request import Channel, Place, TrainingRequest


class TransferError(Exception):
    """Something could not be read or written; the message is fit for a `FailureReason`."""


def objects_of(s3: Any, place: Place) -> list[str]:
    """List the objects under a prefix.

    Parameters
    ----------
    s3 : boto3 client
        Acting as the job's role.
    place : Place
        The prefix.

    Returns
    -------
    list of str
        Their keys; markers of folders are left out.

    Raises
    ------
    botocore.exceptions.ClientError
        If the role may not list them, or there is no such bucket.
    """
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=place.bucket, Prefix=place.key)
    return [item["Key"] for page in pages for item in page.get("Contents", []) if not item["Key"].endswith("/")]


def check_channels(s3: Any, request: TrainingRequest) -> None:
    """Refuse a job with a channel that holds nothing, as `CreateTrainingJob` does.

    Parameters
    ----------
    s3 : boto3 client
        Acting as the job's role.
    request : TrainingRequest
        The job.

    Raises
    ------
    ServiceError
        `ValidationException`, also if the role may not list the objects.
    """
    for channel in request.channels:
        found: list[str] = []
        with contextlib.suppress(ClientError):
            found = objects_of(s3, channel.place)
        if not found:
            raise ServiceError(
                "ValidationException",
                f'No S3 objects found under S3 URL "{channel.place.uri}" given in input data source. Please ensure '
                "that the bucket exists in the selected region, that objects exist under that S3 prefix, and that the "
                f'role "{request.role_arn}" has "s3:ListBucket" permissions on bucket "{channel.place.bucket}".',
            )


def download(s3: Any, channel: Channel, folders: list[Path]) -> None:
    """Bring a channel's objects to the hosts.

    Parameters
    ----------
    s3 : boto3 client
        Acting as the job's role.
    channel : Channel
        The channel.
    folders : list of Path
        The channel's folder on each host.

    Raises
    ------
    TransferError
        If there is nothing, the role may not read it, or a key can't be the name of a file here.
    """
    with _as_transfer_errors("Data download failed", channel.place):
        keys = objects_of(s3, channel.place)
        if not keys:
            raise TransferError(f"Data download failed: no S3 objects under {channel.place.uri}")
        for number, key in enumerate(keys):
            share = [folders[number % len(folders)]] if channel.sharded else folders
            relative = relative_path(channel.place.key, key)
            first, *others = [folder / relative for folder in share]
            first.parent.mkdir(parents=True, exist_ok=True)
            s3.download_file(channel.place.bucket, key, str(first))
            for other in others:
                other.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(first, other)


def relative_path(prefix: str, key: str) -> PurePosixPath:
    """Return where in a channel's folder an object goes.

    Parameters
    ----------
    prefix : str
        The channel's prefix.
    key : str
        The object's key, which starts with it.

    Returns
    -------
    PurePosixPath
        The path below the folder that the prefix names, or below that of the object which it names.

    Raises
    ------
    TransferError
        If the key leads out of the folder.
    """
    rest = key[len(prefix) :]
    if prefix and not prefix.endswith("/") and not rest.startswith("/"):
        rest = key[prefix.rfind("/") + 1 :]
    parts = rest.removeprefix("/").split("/")
    if not all(parts) or {".", ".."} & set(parts) or "\0" in rest:
        raise TransferError(f"Data download failed: the key {key!r} can't be the name of a file")
    return PurePosixPath(*parts)


def upload_archive(s3: Any, folders: list[Path], place: Place, draft: Path) -> None:
    """Pack what the hosts left in a folder of theirs, and put it into S3; nothing if they left nothing.

    Parameters
    ----------
    s3 : boto3 client
        Acting as the job's role.
    folders : list of Path
        The folder on each host; of files with one name the first host's is taken.
    place : Place
        The archive's place.
    draft : Path
        Where it is packed.

    Raises
    ------
    TransferError
        If the role may not write it.
    """
    packed: set[str] = set()
    with _as_transfer_errors("Artifact upload failed", place):
        with tarfile.open(draft, "w:gz") as archive:
            for folder in folders:
                for file in files_in(folder):
                    name = file.relative_to(folder).as_posix()
                    if name not in packed:
                        packed.add(name)
                        archive.add(file, name, recursive=False)
        if packed:
            s3.upload_file(str(draft), place.bucket, place.key)


def files_in(folder: Path) -> list[Path]:
    """List the files in a folder and the folders in it.

    Parameters
    ----------
    folder : Path
        The folder.

    Returns
    -------
    list of Path
        Plain files in order of their paths; links, which may lead anywhere, are none.
    """
    return sorted(file for file in folder.rglob("*") if file.is_file() and not file.is_symlink())


@contextlib.contextmanager
def _as_transfer_errors(what: str, place: Place) -> Iterator[None]:
    try:
        yield
    except (ClientError, BotoCoreError, Boto3Error, OSError) as error:
        raise TransferError(f"{what} ({place.uri}): {error}") from error
