"""The one setting of an account and region that names the role with which API Gateway writes logs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

# A new role is not known everywhere at once, and API Gateway takes one change of the setting in 20 seconds.
# (https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html)
_NOT_YET = {"BadRequestException", "TooManyRequestsException"}
_ATTEMPTS, _PAUSE_SECONDS = 8, 20.0


def set_if_missing(apigateway: Any, iam: Any, role_arn: str, pause: Callable[[float], None] = time.sleep) -> bool:
    """Set the role, unless the account has another one that exists.

    Parameters
    ----------
    apigateway, iam : botocore clients
        Of API Gateway and IAM.
    role_arn : str
        The role to set.
    pause : callable
        Waits so many seconds before the next attempt.

    Returns
    -------
    bool
        Whether the account has this role now.
    """
    present = _present(apigateway)
    if present and present != role_arn and _exists(iam, present):
        return False
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            _set(apigateway, role_arn)
            break
        except ClientError as error:
            if attempt == _ATTEMPTS or error.response["Error"]["Code"] not in _NOT_YET:
                raise
            pause(_PAUSE_SECONDS)
    return True


def reset(apigateway: Any, role_arn: str) -> bool:
    """Remove the role from the setting, unless that names another one.

    Returns
    -------
    bool
        Whether it was removed.
    """
    if _present(apigateway) != role_arn:
        return False
    _set(apigateway, "")
    return True


def _present(apigateway: Any) -> str | None:
    return apigateway.get_account().get("cloudwatchRoleArn")


def _set(apigateway: Any, role_arn: str) -> None:
    change = {"op": "replace", "path": "/cloudwatchRoleArn", "value": role_arn}
    apigateway.update_account(patchOperations=[change])


def _exists(iam: Any, role_arn: str) -> bool:
    try:
        iam.get_role(RoleName=role_arn.rpartition("/")[2])
    except iam.exceptions.NoSuchEntityException:
        return False
    return True
