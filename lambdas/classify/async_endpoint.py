"""Asks an asynchronous SageMaker endpoint, which reads its input from S3 and writes its answer there.

An answer may take longer than a function waits. `ask_once` then keeps where the answer will be, and whoever asks about
the same picture later looks there: however long the queue, the endpoint works on each picture once.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError
from pydantic import BaseModel, ValidationError

from lambdas.classify.endpoint import meaning
from signpost.errors import EndpointAsleep, EndpointRefused
from signpost.routing.contracts import Answer
from signpost.routing.prefixes import PREPARED, QUESTIONS
from signpost.validation import explain

_POLL_SECONDS = 0.5
# The function is given up after 30 seconds.
_PATIENCE_SECONDS = 25.0
_NOT_YET = {"NoSuchKey", "404"}
# How long a request may wait in the endpoint's queue. One that got lost is asked anew after it, which must be well
# within the time that a picture is waited for.
_KEPT_SECONDS = 3600


class _Question(BaseModel):
    """A request that the endpoint has accepted."""

    output: str
    failure: str | None
    asked: float  # seconds since 1970


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
        If it wrote nothing in time. That is not worth a retry at once: an instance starts, or others come first.
    """
    question = _ask(runtime, s3, endpoint, scratch_bucket, png, inference_id)
    if answer := _wait(s3, question, endpoint):
        return answer
    raise _asleep(endpoint)


def ask_once(runtime: Any, s3: Any, endpoint: str, scratch_bucket: str, png: bytes, inference_id: str) -> Answer:
    """Read the answer to an earlier question about the picture; where there was none, `ask`, and keep the question.

    Parameters, answer and errors are those of `ask`. The question is kept under ``questions/<endpoint>/``; while it may
    still be answered, the endpoint is not waited for.
    """
    where = {"Bucket": scratch_bucket, "Key": f"{QUESTIONS}{endpoint}/{inference_id}.json"}
    earlier = _earlier(_read(s3, **where))
    if earlier and (answer := _answer_to(s3, earlier, endpoint)):
        return answer
    question = _ask(runtime, s3, endpoint, scratch_bucket, png, inference_id)
    if answer := _wait(s3, question, endpoint):
        return answer
    s3.put_object(**where, Body=question.model_dump_json().encode(), ContentType="application/json")
    raise _asleep(endpoint)


def _earlier(kept: bytes | None) -> _Question | None:
    """Read what was asked before, if its answer may still come."""
    try:
        question = _Question.model_validate_json(kept or b"")
    except ValidationError:  # there is none, or another version of this program wrote it
        return None
    return question if 0 <= time.time() - question.asked < _KEPT_SECONDS else None


def _answer_to(s3: Any, earlier: _Question, endpoint: str) -> Answer | None:
    """Read the answer to an earlier question; None if it failed, so that it is worth asking anew."""
    if (answer := _read(s3, **_object(earlier.output))) is not None:
        with suppress(EndpointRefused):
            return _parse(answer, endpoint)
    elif _failure(s3, earlier) is None:
        raise EndpointAsleep(f"The endpoint {endpoint} was asked before and has not answered yet.")
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
    return _Question(asked=time.time(), **places)


def _wait(s3: Any, question: _Question, endpoint: str) -> Answer | None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if (answer := _read(s3, **_object(question.output))) is not None:
            return _parse(answer, endpoint)
        if (failure := _failure(s3, question)) is not None:
            raise EndpointRefused(f"The endpoint {endpoint} failed: {failure.decode(errors='replace')[:500]}")
        time.sleep(_POLL_SECONDS)
    return None


def _failure(s3: Any, question: _Question) -> bytes | None:
    return _read(s3, **_object(question.failure)) if question.failure else None


def _asleep(endpoint: str) -> EndpointAsleep:
    return EndpointAsleep(f"The endpoint {endpoint} wrote no answer within {_PATIENCE_SECONDS:.0f} seconds.")


def _parse(answer: bytes, endpoint: str) -> Answer:
    try:
        return Answer.model_validate_json(answer)
    except ValidationError as error:
        faults = explain(error.errors(include_input=False), "the answer")
        raise EndpointRefused(f"The endpoint {endpoint} answered something else than predictions: {faults}.") from error


def _object(location: str) -> dict[str, str]:
    parts = urlsplit(location)
    return {"Bucket": parts.netloc, "Key": parts.path.lstrip("/")}


def _read(s3: Any, **where: str) -> bytes | None:
    try:
        return s3.get_object(**where)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] in _NOT_YET:
            return None
        raise
