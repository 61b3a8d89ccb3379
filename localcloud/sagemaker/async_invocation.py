"""InvokeEndpointAsync: takes a request that lies in S3, answers at once, and puts the answer into S3 later."""

import json
import logging
import re
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from localcloud.answers import Answer, ServiceError
from localcloud.durability import outbox
from localcloud.execution_role import client_of_role
from localcloud.sagemaker.endpoint import Endpoint
from localcloud.sagemaker.exchange import HEADER
from localcloud.sagemaker.invocation import ask, serving
from localcloud.sagemaker.model_package import PRINCIPAL, split_s3_uri

logger = logging.getLogger("localcloud.endpoint")

_PATH = re.compile(r"^/endpoints/([^/]+)/async-invocations/?$")
# In an asynchronous request these headers are the service's own; the container gets them under their plain names.
_RENAMED = {HEADER + "content-type": "content-type", HEADER + "accept": "accept"}
_KEPT = (HEADER + "custom-attributes", HEADER + "inference-id")
# The queue of all endpoints. What still waits in it when the cloud stops is done after the next start.
_INFERENCE = "async-inference"
_WORKERS = ThreadPoolExecutor(max_workers=4, thread_name_prefix="async-inference")


@dataclass(frozen=True)
class _Places:
    """Where a request lies, and where its answer or failure goes."""

    request: str
    output: str
    failure: str | None


def invoke_async(endpoints: Mapping[str, Endpoint], path: str, headers: Mapping[str, str], port: int) -> Answer:
    """Accept one asynchronous request.

    Parameters
    ----------
    endpoints : mapping of str to Endpoint
        The endpoints by name.
    path : str
        `/endpoints/<name>/async-invocations`.
    headers : mapping of str to str
        The request's headers, names in lower case.
    port : int
        The local cloud's port.

    Returns
    -------
    tuple
        Status 202, headers that say where the answer or the failure will be, and the inference's id.

    Raises
    ------
    ServiceError
        `ValidationError`, if there is no such endpoint, it is not asynchronous, or the input is no S3 object.
    """
    match = _PATH.match(path)
    name = match[1] if match else ""
    _, deployment = serving(endpoints, name)
    settings = deployment.config.get("AsyncInferenceConfig")
    if not settings:
        raise ServiceError("ValidationError", f"Endpoint {name} has no AsyncInferenceConfig: it is not asynchronous.")
    request = headers.get(HEADER + "inputlocation", "")
    try:
        split_s3_uri(request)
    except ServiceError as error:
        raise ServiceError("ValidationError", error.message) from error
    places = _places(request, settings["OutputConfig"])
    asked = {_RENAMED.get(key, key): headers[key] for key in (*_RENAMED, *_KEPT) if key in headers}
    request_id = outbox.add(_INFERENCE, [name, asked, asdict(places)])
    _WORKERS.submit(_work, endpoints, request_id, name, asked, places, port)
    answer = {HEADER + "outputlocation": places.output, "content-type": "application/json"}
    if places.failure:
        answer[HEADER + "failurelocation"] = places.failure
    inference_id = headers.get(HEADER + "inference-id") or str(uuid.uuid4())
    return 202, answer, json.dumps({"InferenceId": inference_id}).encode()


def resume(endpoints: Mapping[str, Endpoint], port: int) -> None:
    """Have the requests worked on that waited when the last run ended, once the endpoints are back.

    Parameters
    ----------
    endpoints : mapping of str to Endpoint
        The endpoints by name.
    port : int
        The local cloud's port.
    """

    def work(left: dict[str, Any]) -> None:
        for request_id, (name, headers, places) in left.items():
            _WORKERS.submit(_work, endpoints, request_id, name, headers, _Places(**places), port)

    outbox.on_restart(_INFERENCE, work)


def _places(request: str, output: dict[str, Any]) -> _Places:
    name = uuid.uuid4()
    failure = output.get("S3FailurePath")
    return _Places(
        request,
        f"{output['S3OutputPath'].rstrip('/')}/{name}.out",
        f"{failure.rstrip('/')}/{name}-error.out" if failure else None,
    )


def _work(
    endpoints: Mapping[str, Endpoint],
    request_id: str,
    name: str,
    headers: Mapping[str, str],
    places: _Places,
    port: int,
) -> None:
    """Fetch the request, ask the endpoint, put its answer away, all with the role of its model."""
    try:
        _, deployment = serving(endpoints, name)
        variant = next(iter(deployment.variants.values()))
        s3 = client_of_role(variant.role_arn, PRINCIPAL, "s3", port)
        try:
            body = s3.get_object(**_object(places.request))["Body"].read()
            _, answered, answer = ask(endpoints, name, headers, body)
            s3.put_object(**_object(places.output), Body=answer, ContentType=answered["content-type"])
        except (ServiceError, BotoCoreError, ClientError) as error:
            logger.warning("An asynchronous request to %s failed: %s", name, error)
            if places.failure:
                s3.put_object(**_object(places.failure), Body=str(error).encode(), ContentType="text/plain")
    except Exception:
        logger.exception("An asynchronous request to %s has neither answer nor failure", name)
    outbox.remove(request_id)


def _object(uri: str) -> dict[str, str]:
    bucket, key = split_s3_uri(uri)
    return {"Bucket": bucket, "Key": key}
