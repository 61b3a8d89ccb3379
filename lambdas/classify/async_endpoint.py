"""Asks an asynchronous SageMaker endpoint, which reads its input from S3 and writes its answer there."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError
from pydantic import ValidationError

from lambdas.classify.endpoint import meaning
from signpost.contracts import Answer
from signpost.errors import EndpointAsleep, EndpointRefused
from signpost.prefixes import PREPARED

_POLL_SECONDS = 0.5
# The function is given up after 30 seconds.
_PATIENCE_SECONDS = 25.0
_NOT_YET = {"NoSuchKey", "404"}


def ask(runtime: Any, s3: Any, endpoint: str, scratch_bucket: str, png: bytes, inference_id: str) -> Answer:
    """Ask an endpoint about one prepared picture and wait for its answer.

    Parameters
    ----------
    runtime, s3 : botocore clients
        Of the SageMaker runtime and of S3.
    endpoint : str
        Name of the endpoint.
    scratch_bucket : str
        Where the input is put, under ``prepared/``.
    png : bytes
        The prepared picture.
    inference_id : str
        The decision's id.

    Returns
    -------
    Answer

    Raises
    ------
    EndpointUnwell
        If the endpoint is overloaded or throttled.
    EndpointRefused
        If it is missing, or wrote a failure or nonsense.
    EndpointAsleep
        If it wrote nothing in time. That is not worth a retry at once: the first request is still waiting for an
        instance to start.
    """
    key = f"{PREPARED}{inference_id}.png"
    s3.put_object(Bucket=scratch_bucket, Key=key, Body=png, ContentType="image/png")
    try:
        accepted = runtime.invoke_endpoint_async(
            EndpointName=endpoint,
            InputLocation=f"s3://{scratch_bucket}/{key}",
            ContentType="image/png",
            Accept="application/json",
            InferenceId=inference_id,
        )
    except ClientError as error:
        raise meaning(error, endpoint) from error
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if (answer := _read(s3, accepted["OutputLocation"])) is not None:
            return _parse(answer, endpoint)
        if (failure := _read(s3, accepted["FailureLocation"])) is not None:
            raise EndpointRefused(f"The endpoint {endpoint} failed: {failure.decode(errors='replace')[:500]}")
        time.sleep(_POLL_SECONDS)
    raise EndpointAsleep(f"The endpoint {endpoint} wrote no answer within {_PATIENCE_SECONDS:.0f} seconds.")


def _parse(answer: bytes, endpoint: str) -> Answer:
    try:
        return Answer.model_validate_json(answer)
    except ValidationError as error:
        raise EndpointRefused(f"The endpoint {endpoint} answered something else than predictions: {error}") from error


def _read(s3: Any, location: str) -> bytes | None:
    parts = urlsplit(location)
    try:
        return s3.get_object(Bucket=parts.netloc, Key=parts.path.lstrip("/"))["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] in _NOT_YET:
            return None
        raise
