"""Fetches a picture from S3: one exact version, and never more bytes than are allowed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from signpost.errors import PictureError
from signpost.routing.contracts import ImageRef, RoutingRequest

_GONE = {"NoSuchKey", "NoSuchVersion", "NoSuchBucket", "MethodNotAllowed", "404"}
# No object has a name or a version such as the one asked for.
_GONE |= {"InvalidArgument", "KeyTooLongError", "InvalidBucketName"}


@dataclass(frozen=True)
class Stored:
    """A fetched picture.

    Attributes
    ----------
    image : ImageRef
        Its place, exact version and digest.
    identity : str
        The version, or the ETag in a bucket without versions.
    data : bytes
        The file; empty where it was too large to fetch.
    size : int
        Bytes that S3 holds.
    """

    image: ImageRef
    identity: str
    data: bytes
    size: int


def fetch(s3: Any, request: RoutingRequest, max_bytes: int) -> Stored:
    """Fetch a picture.

    Parameters
    ----------
    s3 : botocore.client.S3
        The client.
    request : RoutingRequest
        Which picture.
    max_bytes : int
        A larger file is not read.

    Returns
    -------
    Stored

    Raises
    ------
    PictureError
        ``image_not_found`` or ``image_archived``. Access denied is no property of the picture and stays a fault.
    """
    version = {"VersionId": request.version_id} if request.version_id else {}
    try:
        found = s3.get_object(Bucket=request.s3_bucket, Key=request.s3_key, **version)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _GONE:
            raise PictureError(
                "image_not_found", f"There is no object {request.s3_key!r} in the bucket {request.s3_bucket}."
            ) from error
        if code == "InvalidObjectState":
            raise PictureError(
                "image_archived", "The picture is in an archive storage class. Restore it first."
            ) from error
        raise
    size = found["ContentLength"]
    with found["Body"] as body:
        data = b"" if size > max_bytes else body.read()
    image = ImageRef(
        bucket=request.s3_bucket,
        key=request.s3_key,
        version_id=found.get("VersionId") or None,
        sha256=hashlib.sha256(data).hexdigest() if data or not size else None,
    )
    return Stored(image, image.version_id or found["ETag"], data, size)
