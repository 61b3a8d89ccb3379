"""Where captured records are: a folder, or a bucket."""

from __future__ import annotations

from pathlib import Path

from cli.connection import connect, find_deployment
from signpost.aws import clients
from signpost.aws.files import Bucket, Files, Folder
from signpost.errors import SignpostError
from signpost.routing.prefixes import CAPTURE

_S3 = "s3://"


def open_source(source: str | None, on_aws: bool) -> tuple[Files, str]:
    """Open what a user named.

    Parameters
    ----------
    source : str or None
        A folder, ``s3://BUCKET/PREFIX``, or None for the records of the deployed app.
    on_aws : bool
        Whether S3 is the user's own account's, not the local cloud's.

    Returns
    -------
    tuple of Files and str
        The files, and the prefix of the records among them.

    Raises
    ------
    SignpostError
        If there is no such folder.
    DeploymentError
        If there is no deployed app, or no local cloud.
    """
    if source is None:
        bucket, prefix = find_deployment(on_aws)["CapturedBucket"], CAPTURE
    elif source.startswith(_S3):
        connect(on_aws)
        bucket, _, prefix = source.removeprefix(_S3).partition("/")
    elif Path(source).is_dir():
        return Folder(Path(source)), ""
    else:
        raise SignpostError(f"there is no folder {source}; give a folder or s3://BUCKET/PREFIX")
    return Bucket(clients.client("s3", read_timeout=60), bucket), prefix
