"""IAM for the added services: which action a request is, and on which resource.

MiniStack lets a request pass whose service is not in its table, so without this file a role could do everything here.
"""

import json
import re
from collections.abc import Callable
from contextvars import ContextVar
from functools import cache
from typing import Any

import ministack.app as ministack_app
from ministack.core import iam_actions, iam_evaluator

from localcloud.credentials import HOST

_NAMESPACES = {
    "sagemaker": "sagemaker",
    "sagemaker-runtime": "sagemaker",
    "application-autoscaling": "application-autoscaling",
    "rekognition": "rekognition",
}
_RUNTIME_PATH = re.compile(r"^/endpoints/([^/]+)/(invocations|async-invocations|invocations-response-stream)/?$")
_RUNTIME_ACTIONS = {
    "invocations": "InvokeEndpoint",
    "async-invocations": "InvokeEndpointAsync",
    "invocations-response-stream": "InvokeEndpointWithResponseStream",
}
# The member that names the resource; the first one present decides.
_RESOURCES = {
    "InferenceComponentName": "inference-component",
    "EndpointName": "endpoint",
    "EndpointConfigName": "endpoint-config",
    "ModelName": "model",
    "TrainingJobName": "training-job",
    "ModelPackageName": "model-package",
    "ModelPackageGroupName": "model-package-group",
}
# Of these an ARN has the name as it was written, of all others in lower case.
_AS_WRITTEN = ("model-package", "model-package-group")
# Members that may hold an ARN.
_ARNS = ("ResourceArn", "ModelPackageArn", "ModelPackageName", "ModelPackageGroupName")


def install() -> None:
    """Lay these rules over MiniStack's."""
    action_of, resource_of = iam_actions.extract_iam_action, iam_actions.extract_resource_arn
    iam_actions.SERVICE_TO_IAM_NAMESPACE.update(_NAMESPACES)

    def extract_iam_action(
        service: str, method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> str | None:
        if service in _NAMESPACES:
            return iam_action(service, path, headers)
        return action_of(service, method, path, headers, body, query)

    def extract_resource_arn(
        service: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query: dict[str, Any],
        region: str,
        account: str,
    ) -> str:
        if service in _NAMESPACES:
            return resource_arn(
                service, path, body, region, account, headers.get("x-amz-target", "").rpartition(".")[2]
            )
        return resource_of(service, method, path, headers, body, query, region, account)

    _trust_the_transport()
    _know_the_namespace_of_metrics()
    iam_evaluator._fnmatch_compile = _across_lines(iam_evaluator._fnmatch_compile)
    iam_actions.extract_iam_action = extract_iam_action
    iam_actions.extract_resource_arn = extract_resource_arn


def _across_lines(compile_pattern: Callable[[str, bool], re.Pattern[str]]) -> Callable[[str, bool], re.Pattern[str]]:
    """Let the wildcards of a policy match a key with a line break; MiniStack's match no line break."""

    @cache
    def compile_across_lines(pattern: str, ignore_case: bool) -> re.Pattern[str]:
        compiled = compile_pattern(pattern, ignore_case)
        return re.compile(compiled.pattern, compiled.flags | re.DOTALL)

    return compile_across_lines


def _know_the_namespace_of_metrics() -> None:
    """Let a policy hold metrics to a namespace, as SageMaker's and Signpost's own do."""
    context_of = iam_actions.request_tag_context

    def request_context(service: str, action: str, body: bytes, query: dict[str, Any]) -> dict[str, Any]:
        context = context_of(service, action, body, query)
        if action != "cloudwatch:PutMetricData":
            return context
        try:
            return context | {"cloudwatch:namespace": json.loads(body)["Namespace"]}
        except (ValueError, LookupError, TypeError):
            return context

    iam_actions.request_tag_context = request_context


def _trust_the_transport() -> None:
    """Let `aws:SecureTransport` be true, so that buckets and queues that refuse plain HTTP can be used.

    The cloud listens on the loopback interface alone: nothing between the two ends can read along.
    """
    iam_evaluator._request_origin = ContextVar("request_origin", default=(HOST, True))
    ministack_app.pin_request_origin = lambda source_ip, _secure: iam_evaluator.pin_request_origin(source_ip, True)


def iam_action(service: str, path: str, headers: dict[str, str]) -> str | None:
    """Return the action that a request needs.

    Parameters
    ----------
    service : str
        MiniStack's name of the service.
    path : str
        The request's path.
    headers : dict of str to str
        Its headers, names in lower case.

    Returns
    -------
    str or None
        Such as `sagemaker:InvokeEndpoint`; None where there is no such operation.
    """
    if service == "sagemaker-runtime":
        match = _RUNTIME_PATH.match(path)
        operation = _RUNTIME_ACTIONS[match[2]] if match else ""
    else:
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
    return f"{_NAMESPACES[service]}:{operation}" if operation else None


def resource_arn(service: str, path: str, body: bytes, region: str, account: str, operation: str) -> str:
    """Return the resource that a request is about.

    Parameters
    ----------
    service : str
        MiniStack's name of the service.
    path : str
        The request's path.
    body : bytes
        Its body.
    region, account : str
        Of the request.
    operation : str
        Name of the operation; nothing for a request to the runtime.

    Returns
    -------
    str
        Its ARN; `*` where a request names none.
    """
    prefix = f"arn:aws:sagemaker:{region}:{account}:"
    if service == "sagemaker-runtime":
        match = _RUNTIME_PATH.match(path)
        return f"{prefix}endpoint/{match[1].lower()}" if match else "*"
    if service != "sagemaker":
        return "*"
    try:
        request = json.loads(body)
    except ValueError:
        return "*"
    if not isinstance(request, dict):
        return "*"
    named = {member: value for member, value in request.items() if isinstance(value, str)}
    if operation.startswith("List"):
        return named.get("ResourceArn", "*")
    return _sagemaker_arn(named, operation, prefix)


def _sagemaker_arn(named: dict[str, str], operation: str, prefix: str) -> str:
    if operation == "CreateModelPackage" and "ModelPackageGroupName" in named:
        # A version that has no number yet.
        return f"{prefix}model-package/{named['ModelPackageGroupName'].rpartition('/')[2]}/*"
    if arn := next((named[member] for member in _ARNS if named.get(member, "").startswith("arn:")), None):
        return arn
    for member, kind in _RESOURCES.items():
        if name := named.get(member):
            return f"{prefix}{kind}/{name if kind in _AS_WRITTEN else name.lower()}"
    return "*"
