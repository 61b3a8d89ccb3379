"""One request to the server of one variant: sent, measured, captured."""

import time
from collections.abc import Mapping

import urllib3

from localcloud.sagemaker.capture import Payload
from localcloud.sagemaker.deployment import Deployment, Variant
from localcloud.sagemaker.invocation_metrics import record_invocation

HEADER = "x-amzn-sagemaker-"
_FORWARDED = ("content-type", "accept", HEADER + "custom-attributes")
# Of a request or an answer that does not say.
ANY_TYPE = "application/octet-stream"


def exchange(
    deployment: Deployment, name: str, variant: Variant, headers: Mapping[str, str], body: bytes
) -> urllib3.BaseHTTPResponse:
    """Send a request to a variant's server.

    Parameters
    ----------
    deployment : Deployment
        What the endpoint runs.
    name, variant : str, Variant
        Who is asked.
    headers : mapping of str to str
        As of InvokeEndpoint, names in lower case.
    body : bytes
        What to ask.

    Returns
    -------
    urllib3.BaseHTTPResponse
        The server's answer, whatever its status.

    Raises
    ------
    ServerUnavailableError
        If the server is down or does not answer in time; nothing is measured then.
    """
    started = time.perf_counter()
    response = variant.server.post(body, {key: headers[key] for key in _FORWARDED if key in headers})
    seconds = time.perf_counter() - started
    record_invocation(deployment.endpoint, name, response.status, seconds, component=deployment.component)
    # A stop that takes too long for its last calls sets it to None meanwhile.
    if response.status < 300 and (capture := deployment.capture):
        request = Payload(headers.get("content-type", ANY_TYPE), body)
        answer = Payload(response.headers.get("Content-Type", ANY_TYPE), response.data)
        capture.add(name, request, answer, headers.get(HEADER + "inference-id"))
    return response
