"""Pictures that were not captured, as they were routed."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from review.showing import Originals
from signpost.errors import PictureError
from signpost.images.limits import Limits
from signpost.routing.contracts import ImageRef


def originals(client: Any, limits: Limits) -> Originals:
    """Make what fetches them.

    Parameters
    ----------
    client : boto3 S3 client
    limits : Limits
        No more bytes are fetched of one.

    Returns
    -------
    callable
        Gives a picture's bytes, or raises `PictureError`.
    """

    def fetch(image: ImageRef) -> bytes:
        version = {"VersionId": image.version_id} if image.version_id else {}
        part = f"bytes=0-{limits.max_bytes}"
        try:
            return client.get_object(Bucket=image.bucket, Key=image.key, Range=part, **version)["Body"].read()
        except (ClientError, BotoCoreError) as error:
            raise PictureError("image_not_found", "The picture is not there any more.") from error

    return fetch
