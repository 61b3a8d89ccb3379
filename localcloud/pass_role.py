"""Rights that a SageMaker request needs besides its own: to hand over the role it names, to set the tags it names."""

from collections.abc import Mapping
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.iam_actions import identity_denial_message
from ministack.core.router import extract_access_key_id

from localcloud.answers import ServiceError
from localcloud.credentials import REGION

_SERVICE = "sagemaker.amazonaws.com"
# The member that names a role which SageMaker takes on.
_ROLE_MEMBERS = {
    "CreateTrainingJob": "RoleArn",
    "CreateModel": "ExecutionRoleArn",
    "CreateEndpointConfig": "ExecutionRoleArn",
}


def check_rights(operation: str, request: Any, arn: str, headers: Mapping[str, str], query: Mapping[str, Any]) -> None:
    """Refuse a request whose caller may not pass its role, or not tag what it creates.

    Parameters
    ----------
    operation : str
        Name of the operation.
    request : Any
        Its input.
    arn : str
        The resource that it is about.
    headers, query : mapping
        Of the HTTP request that is being answered, which name the caller.

    Raises
    ------
    ServiceError
        `AccessDeniedException`.
    """
    if not isinstance(request, dict):
        return
    key = extract_access_key_id(dict(headers), dict(query))
    role = request.get(_ROLE_MEMBERS.get(operation, ""))
    if isinstance(role, str):
        _enforce(key, "iam:PassRole", "iam", role, {"iam:PassedToService": _SERVICE})
    if operation.startswith("Create") and request.get("Tags"):
        _enforce(key, "sagemaker:AddTags", "sagemaker", arn, {})


def _enforce(key: str, action: str, service: str, resource: str, context: dict[str, Any]) -> None:
    denied = iam_evaluator.enforce(key, action, service, REGION, resource_arn=resource, service_context=context)
    if denied is None:
        return
    explicit = getattr(denied, "decision", "") == "Deny"
    message = identity_denial_message(action, getattr(denied, "principal_arn", ""), resource, explicit)
    raise ServiceError("AccessDeniedException", message, 403)
