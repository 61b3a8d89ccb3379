"""Images as they were uploaded: the exact version that a decision was made for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from signpost.errors import PictureError
from signpost.images.limits import Limits
from signpost.routing.contracts import ImageRef

Originals = Callable[[ImageRef], bytes]


def originals(client: Any, limits: Limits) -> Originals:
    """Make the function that reads uploaded images.

    Parameters
    ----------
    client : boto3 S3 client
    limits : Limits
        No more bytes are read of one image.

    Returns
    -------
    callable
        Returns the bytes of an image, or raises `PictureError`.
    """

    def fetch(image: ImageRef) -> bytes:
        version = {"VersionId": image.version_id} if image.version_id else {}
        part = f"bytes=0-{limits.max_bytes}"
        try:
            return client.get_object(Bucket=image.bucket, Key=image.key, Range=part, **version)["Body"].read()
        except (ClientError, BotoCoreError) as error:
            raise PictureError("image_not_found", "The image no longer exists in S3, or may not be read.") from error

    return fetch
