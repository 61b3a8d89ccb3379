"""InvokeEndpoint: hands a request to a variant's server and answers as the SageMaker runtime does."""

import re
from collections.abc import Callable, Mapping

from localcloud.answers import Answer, ServiceError
from localcloud.credentials import ACCOUNT_ID, REGION
from localcloud.sagemaker.control_plane import ControlPlane
from localcloud.sagemaker.deployment import Deployment, Variant
from localcloud.sagemaker.endpoint import Endpoint
from localcloud.sagemaker.exchange import ANY_TYPE, HEADER, exchange
from localcloud.sagemaker.invocation_metrics import record_invocation, record_no_capacity
from localcloud.sagemaker.server_process import ServerUnavailableError
from localcloud.sagemaker.shadow import mirror
from localcloud.sagemaker.variants import choose, initial_state

# The service's limit on a request's body.
MAX_BODY_BYTES = 6 * 1024 * 1024
_PATH = re.compile(r"^/endpoints/([^/]+)/invocations/?$")
# Statuses in which an endpoint serves: also while it moves to another config.
_SERVING = frozenset({"InService", "Updating", "RollingBack"})
# As SageMaker words it; the Classify function reads it.
_NO_CAPACITY = (
    "Inference Component has no capacity to process this request. ApplicationAutoScaling may be in-progress (if "
    "configured) or try to increase the capacity by invoking UpdateInferenceComponentRuntimeConfig API."
)
_NO_COMPONENT_NAMED = (
    "Inference Component Name header is required for endpoints to which you plan to deploy inference components. "
    "Please include Inference Component Name header or consider using SageMaker models."
)


def invoke(control: ControlPlane, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Answer one request to the runtime.

    Parameters
    ----------
    control : ControlPlane
        Knows the endpoints and their inference components.
    path : str
        `/endpoints/<name>/invocations`.
    headers : mapping of str to str
        The request's headers, names in lower case.
    body : bytes
        The request's body.

    Returns
    -------
    tuple
        Status, headers, body of the model server's answer.

    Raises
    ------
    ServiceError
        `ValidationError`, `ModelError`, `ServiceUnavailable` or `ThrottlingException`.
    """
    match = _PATH.match(path)
    if not match:
        message = "The local cloud's endpoints answer InvokeEndpoint and InvokeEndpointAsync only."
        raise ServiceError("ValidationError", message)
    if len(body) > MAX_BODY_BYTES:
        message = f"Request body of {len(body)} bytes exceeds the limit of {MAX_BODY_BYTES} bytes."
        raise ServiceError("ValidationError", message)
    if name := headers.get(HEADER + "inference-component"):
        return _ask_component(control, match[1], name, headers, body)
    return ask(control.endpoints, match[1], headers, body)


def ask(endpoints: Mapping[str, Endpoint], name: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Ask an endpoint.

    Parameters
    ----------
    endpoints : mapping of str to Endpoint
        The endpoints by name.
    name : str
        The endpoint's name.
    headers : mapping of str to str
        As of InvokeEndpoint, names in lower case.
    body : bytes
        What to ask, of any size.

    Returns
    -------
    tuple
        Status, headers, body of the model server's answer.

    Raises
    ------
    ServiceError
        See `invoke`.
    """
    endpoint, present = serving(endpoints, name)
    deployment = endpoint.choose() or present
    variant = _variant_name(endpoint, deployment, headers.get(HEADER + "target-variant"))
    return _answer(endpoint, deployment, variant, headers, body, lambda: ask(endpoints, name, headers, body))


def _ask_component(control: ControlPlane, endpoint: str, name: str, headers: Mapping[str, str], body: bytes) -> Answer:
    serving(control.endpoints, endpoint)
    component = control.components.by_name.get(name)
    if component is None or component.record.endpoint_name != endpoint:
        raise ServiceError("ValidationError", f"Inference Component {name} of endpoint {endpoint} not found.")
    deployment = component.choose()
    if deployment is None:
        record_no_capacity(name)
        raise ServiceError("ValidationError", _NO_CAPACITY)

    def again() -> Answer:
        return _ask_component(control, endpoint, name, headers, body)

    return _answer(component, deployment, component.record.variant_name, headers, body, again)


def _answer(
    endpoint: Endpoint,
    deployment: Deployment,
    variant: str,
    headers: Mapping[str, str],
    body: bytes,
    again: Callable[[], Answer],
) -> Answer:
    try:
        with deployment.answering():
            return _ask(deployment, variant, headers, body)
    except ServerUnavailableError as error:
        if not endpoint.serves_with(deployment) and endpoint.deployment is not None:
            # The endpoint has just moved to another config, or back: nobody shall notice.
            return again()
        record_invocation(deployment.endpoint, variant, 500, None, component=deployment.component)
        raise _model_error(deployment.endpoint, error.status, str(error)) from error


def serving(endpoints: Mapping[str, Endpoint], name: str) -> tuple[Endpoint, Deployment]:
    """Return an endpoint that serves.

    Parameters
    ----------
    endpoints : mapping of str to Endpoint
        The endpoints by name.
    name : str
        Its name.

    Returns
    -------
    tuple of Endpoint and Deployment
        The endpoint and what it runs now.

    Raises
    ------
    ServiceError
        If there is none, or it does not serve.
    """
    endpoint = endpoints.get(name)
    if endpoint is None:
        raise ServiceError("ValidationError", f"Endpoint {name} of account {ACCOUNT_ID} not found.")
    deployment = endpoint.deployment
    if endpoint.status == "SystemUpdating":
        raise ServiceError("ServiceUnavailable", f"Endpoint {endpoint.name} is starting again.", 503)
    if endpoint.status not in _SERVING or deployment is None:
        message = (
            f"Endpoint {endpoint.name} of account {ACCOUNT_ID} is not in service: its status is {endpoint.status}."
        )
        raise ServiceError("ValidationError", message)
    return endpoint, deployment


def _variant_name(endpoint: Endpoint, deployment: Deployment, target: str | None) -> str:
    if not deployment.variants:
        raise ServiceError("ValidationError", _NO_COMPONENT_NAMED)
    if target is None:
        present = deployment is endpoint.deployment
        configured = [initial_state(settings) for settings in deployment.config["ProductionVariants"]]
        chosen = choose(endpoint.record.production_variants if present else configured)
        # Between the swap of the processes and that of the record.
        return chosen if chosen in deployment.variants else next(iter(deployment.variants))
    if target not in deployment.variants:
        raise ServiceError("ValidationError", f"Variant {target} of endpoint {endpoint.name} not found.")
    return target


def _ask(deployment: Deployment, name: str, headers: Mapping[str, str], body: bytes) -> Answer:
    variant: Variant = deployment.variants[name]
    if variant.slots and not variant.slots.acquire(blocking=False):
        raise ServiceError("ThrottlingException", "Rate exceeded")
    try:
        mirror(deployment, headers, body)
        response = exchange(deployment, name, variant, headers, body)
    finally:
        if variant.slots:
            variant.slots.release()
    if response.status >= 300:
        raise _model_error(deployment.endpoint, response.status, response.data.decode(errors="replace"))
    # Lower case, so that MiniStack leaves the model's content type as it is.
    answer = {
        "content-type": response.headers.get("Content-Type", ANY_TYPE),
        "x-amzn-invoked-production-variant": name,
    }
    if attributes := response.headers.get(HEADER + "custom-attributes"):
        answer[HEADER + "custom-attributes"] = attributes
    return 200, answer, response.data


def _model_error(endpoint: str, status: int, message: str) -> ServiceError:
    log_group = f"/aws/sagemaker/Endpoints/{endpoint}"
    side = "client" if 400 <= status < 500 else "server"
    return ServiceError(
        "ModelError",
        f'Received {side} error ({status}) from primary with message "{message}". See {log_group} in account '
        f"{ACCOUNT_ID} for more information.",
        424,
        {
            "OriginalStatusCode": status,
            "OriginalMessage": message,
            "LogStreamArn": f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:{log_group}",
        },
    )
