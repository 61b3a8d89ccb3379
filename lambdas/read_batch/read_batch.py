"""Writes the images of a batch as JSON lines, which the batch machine's map reads."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from lambdas.read_batch.request import BatchRequest, read_request
from signpost.errors import BadBatch
from signpost.routing.inventories import read_inventory, read_listing
from signpost.routing.manifests import Reference, read_references
from signpost.routing.prefixes import BATCH_ITEMS
from signpost.settings.lambda_config import BatchConfiguration

# What fits into a function's temporary storage beside the list that is written.
MAX_FILE_BYTES = 100_000_000
_REFUSED = {"NoSuchKey", "NoSuchBucket", "404", "AccessDenied", "InvalidObjectState", "KeyTooLongError"}


def read_batch(event: Any, execution: str, configuration: BatchConfiguration, s3: Any) -> dict[str, Any]:
    """List the images of a batch.

    Parameters
    ----------
    event : Any
        Input of the batch; see `lambdas.read_batch.request`.
    execution : str
        Name of the machine's execution, which names the list.
    configuration : BatchConfiguration
        The buckets.
    s3 : botocore.client.S3
        The client.

    Returns
    -------
    dict
        ``key`` of the list in the decisions bucket, and ``images``, their number.

    Raises
    ------
    BadBatch
        If the input or the manifest can't be used: nothing was listed.
    """
    request = read_request(event, configuration.buckets)
    key, images = f"{BATCH_ITEMS}{execution}.jsonl", 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "items")
        with path.open("w", encoding="ascii") as file:
            for item in _items(request, Path(folder, "manifest"), s3):
                if not item["s3_key"].endswith("/"):  # a folder of the console
                    file.write(json.dumps(request.completed(item)) + "\n")
                    images += 1
        with path.open("rb") as file:
            s3.put_object(Bucket=configuration.decisions_bucket, Key=key, Body=file)
    return {"key": key, "images": images}


def _items(request: BatchRequest, scratch: Path, s3: Any) -> Iterator[Reference]:
    if request.manifest is None:
        yield from _listed(request, s3)
        return
    _fetch(s3, request.bucket, request.manifest, scratch)
    inventory = read_inventory(scratch, request.manifest)
    if inventory is None:
        yield from read_references(scratch, request.manifest)
        return
    for file in inventory.files:
        _fetch(s3, inventory.bucket_name, file.key, scratch)
        yield from read_listing(scratch, file.key, inventory)


def _listed(request: BatchRequest, s3: Any) -> Iterator[Reference]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=request.bucket, Prefix=request.prefix or "")
    try:
        for page in pages:
            for item in page.get("Contents", []):
                yield {"s3_key": item["Key"]}
    except ClientError as error:
        raise _meaning(error, f"the bucket {request.bucket}") from error


def _fetch(s3: Any, bucket: str, key: str, path: Path) -> None:
    try:
        found = s3.get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        raise _meaning(error, f"{key} in the bucket {bucket}") from error
    with found["Body"] as body, path.open("wb") as file:
        if found["ContentLength"] > MAX_FILE_BYTES:
            raise BadBatch(f"{key} has {found['ContentLength']:,} bytes; allowed are {MAX_FILE_BYTES:,}. Split it.")
        shutil.copyfileobj(body, file)


def _meaning(error: ClientError, what: str) -> Exception:
    """Return the fault of the batch that an error of S3 stands for, else the error itself."""
    code = error.response["Error"]["Code"]
    return BadBatch(f"S3 does not return {what}: {code}.") if code in _REFUSED else error
