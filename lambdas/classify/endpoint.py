"""Asks a SageMaker endpoint."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError
from pydantic import ValidationError

from signpost.errors import EndpointAsleep, EndpointRefused, EndpointThrottled, EndpointUnwell
from signpost.routing.contracts import Answer
from signpost.validation import explain

_WORTH_A_RETRY = {
    "InternalDependencyException",
    "InternalFailure",
    "ModelNotReadyException",
    "ServiceUnavailable",
}
# What SageMaker says, as a ValidationError, when an inference component has no copy.
_NO_CAPACITY = "has no capacity"
_TOO_MANY_REQUESTS = 429  # of the container itself


def ask(runtime: Any, endpoint: str, png: bytes, inference_id: str, *, component: str | None = None) -> Answer:
    """Ask an endpoint about one prepared picture.

    Parameters
    ----------
    runtime : botocore.client.SageMakerRuntime
        The client.
    endpoint : str
        Name of the endpoint.
    png : bytes
        The prepared picture.
    inference_id : str
        The decision's id, which the captured record then carries too.
    component : str or None
        The inference component on the endpoint, if it has any.

    Returns
    -------
    Answer

    Raises
    ------
    EndpointUnwell
        If the endpoint is down or overloaded.
    EndpointThrottled
        If it takes no more requests for now.
    EndpointAsleep
        If the component has no copy yet.
    EndpointRefused
        If it is missing, forbidden, or answers nonsense.
    """
    named = {"InferenceComponentName": component} if component else {}
    try:
        response = runtime.invoke_endpoint(
            EndpointName=endpoint,
            Body=png,
            ContentType="image/png",
            Accept="application/json",
            InferenceId=inference_id,
            **named,
        )
        return Answer.model_validate_json(response["Body"].read())
    except ClientError as error:
        raise meaning(error, endpoint) from error
    except (ConnectionError, HTTPClientError) as error:
        raise EndpointUnwell(f"The endpoint {endpoint} did not answer: {error}") from error
    except ValidationError as error:
        faults = explain(error.errors(include_input=False), "the answer")
        raise EndpointRefused(f"The endpoint {endpoint} answered something else than predictions: {faults}.") from error


def meaning(error: ClientError, endpoint: str) -> EndpointUnwell | EndpointAsleep | EndpointRefused:
    """Classify an error of the SageMaker runtime by whether it is worth a retry.

    Parameters
    ----------
    error : ClientError
        What boto3 raised.
    endpoint : str
        Name of the endpoint.

    Returns
    -------
    EndpointUnwell, EndpointThrottled, EndpointAsleep or EndpointRefused
        To be raised.
    """
    code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    if code == "ValidationError" and _NO_CAPACITY in message:
        return EndpointAsleep(f"The endpoint {endpoint} has no instance yet: {message}")
    status = error.response.get("OriginalStatusCode", 0)
    failed = f"The endpoint {endpoint} failed with {code}: {message}"
    if code == "ThrottlingException" or status == _TOO_MANY_REQUESTS:
        return EndpointThrottled(failed)
    unwell = code in _WORTH_A_RETRY or (code == "ModelError" and not 400 <= status < 500)
    return EndpointUnwell(failed) if unwell else EndpointRefused(failed)
