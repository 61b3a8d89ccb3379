"""Asks an asynchronous SageMaker endpoint, which reads its input from S3 and writes its answer there.

An answer may take longer than this function waits. It then keeps where the answer will be, and whoever asks about the
same picture later looks there: however long the queue, the endpoint works on each picture once.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError
from pydantic import BaseModel, ValidationError

from lambdas.classify.endpoint import meaning
from signpost.contracts import Answer
from signpost.errors import EndpointAsleep, EndpointRefused
from signpost.prefixes import PREPARED

_POLL_SECONDS = 0.5
# The function is given up after 30 seconds.
_PATIENCE_SECONDS = 25.0
_NOT_YET = {"NoSuchKey", "404"}
# SageMaker's own patience with a request in its queue, unless it is told another.
_KEPT_SECONDS = 6 * 3600


class _Question(BaseModel):
    """A request that the endpoint has accepted, as it is kept beside its input."""

    endpoint: str
    output: str
    failure: str | None
    asked: float  # seconds since 1970


def ask(runtime: Any, s3: Any, endpoint: str, scratch_bucket: str, png: bytes, inference_id: str) -> Answer:
    """Ask an endpoint about one prepared picture and wait for its answer, or read the answer to an earlier question.

    Parameters
    ----------
    runtime, s3 : botocore clients
        Of the SageMaker runtime and of S3.
    endpoint : str
        Name of the endpoint.
    scratch_bucket : str
        Where the input is put, under ``prepared/``, and where to find its answer.
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
        If it wrote nothing in time, or has not answered an earlier question yet: it works, or an instance starts.
    """
    kept = f"{PREPARED}{inference_id}.question.json"
    earlier = _earlier(s3, scratch_bucket, kept, endpoint)
    if earlier and (answer := _answer_to(s3, earlier)):
        return answer
    question = _ask(runtime, s3, endpoint, scratch_bucket, png, inference_id)
    if answer := _wait(s3, question):
        return answer
    document = question.model_dump_json().encode()
    s3.put_object(Bucket=scratch_bucket, Key=kept, Body=document, ContentType="application/json")
    raise EndpointAsleep(f"The endpoint {endpoint} wrote no answer within {_PATIENCE_SECONDS:.0f} seconds.")


def _earlier(s3: Any, bucket: str, key: str, endpoint: str) -> _Question | None:
    """Read what was asked before, if its answer may still come."""
    kept = _read(s3, f"s3://{bucket}/{key}")
    if kept is None:
        return None
    question = _Question.model_validate_json(kept)
    fresh = time.time() - question.asked < _KEPT_SECONDS
    return question if fresh and question.endpoint == endpoint else None


def _answer_to(s3: Any, earlier: _Question) -> Answer | None:
    """Read the answer to an earlier question; None if it failed, so that it is worth asking anew."""
    if (answer := _read(s3, earlier.output)) is not None:
        with suppress(EndpointRefused):
            return _parse(answer, earlier.endpoint)
    elif _failure(s3, earlier) is None:
        raise EndpointAsleep(f"The endpoint {earlier.endpoint} was asked before and has not answered yet.")
    return None


def _ask(runtime: Any, s3: Any, endpoint: str, bucket: str, png: bytes, inference_id: str) -> _Question:
    key = f"{PREPARED}{inference_id}.png"
    s3.put_object(Bucket=bucket, Key=key, Body=png, ContentType="image/png")
    try:
        accepted = runtime.invoke_endpoint_async(
            EndpointName=endpoint,
            InputLocation=f"s3://{bucket}/{key}",
            ContentType="image/png",
            Accept="application/json",
            InferenceId=inference_id,
            RequestTTLSeconds=_KEPT_SECONDS,
        )
    except ClientError as error:
        raise meaning(error, endpoint) from error
    places = {"output": accepted["OutputLocation"], "failure": accepted.get("FailureLocation")}
    return _Question(endpoint=endpoint, asked=time.time(), **places)


def _wait(s3: Any, question: _Question) -> Answer | None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if (answer := _read(s3, question.output)) is not None:
            return _parse(answer, question.endpoint)
        if (failure := _failure(s3, question)) is not None:
            raise EndpointRefused(f"The endpoint {question.endpoint} failed: {failure.decode(errors='replace')[:500]}")
        time.sleep(_POLL_SECONDS)
    return None


def _failure(s3: Any, question: _Question) -> bytes | None:
    return _read(s3, question.failure) if question.failure else None


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
