"""Clients that act as a role which a service was given, under that role's own permissions."""

import hmac
import json
import os
import threading
from typing import Any

import boto3
from botocore.config import Config
from ministack.services import iam, sts

from localcloud.credentials import ACCOUNT_ID, REGION, endpoint_url

_CONFIG = Config(retries={"mode": "standard"}, connect_timeout=5, read_timeout=60)
# boto3 sessions must not make clients in two threads at once.
_CLIENT_LOCK = threading.Lock()


class RoleNotAssumableError(Exception):
    """The role is not there, or does not trust the service that was told to use it."""


def client_of_role(role_arn: str, principal: str, service: str, port: int, config: Config = _CONFIG) -> Any:
    """Return a boto3 client whose calls are checked against the role's policies.

    Parameters
    ----------
    role_arn : str
        The role.
    principal : str
        The service that takes it on, such as `sagemaker.amazonaws.com`.
    service : str
        The service to call, such as `s3`.
    port : int
        The local cloud's port.
    config : botocore.config.Config, optional
        Retries and time limits of the client.

    Returns
    -------
    boto3 client
        Acting as the role.

    Raises
    ------
    RoleNotAssumableError
        If the role does not exist or does not trust the principal.
    """
    name = role_arn.rpartition("/")[2]
    role = iam._roles.get_scoped(ACCOUNT_ID, None, name)
    if role is None or not _trusts(role.get("AssumeRolePolicyDocument", {}), principal):
        raise RoleNotAssumableError(role_arn)
    with _CLIENT_LOCK:
        session = boto3.Session(region_name=REGION, **session_of_role(role_arn, principal, principal.partition(".")[0]))
        return session.client(service, endpoint_url=endpoint_url(port), config=config)


def _trusts(document: str | dict[str, Any], principal: str) -> bool:
    policy = json.loads(document) if isinstance(document, str) else document
    statements = policy.get("Statement", [])
    for statement in [statements] if isinstance(statements, dict) else statements:
        named = statement.get("Principal", {})
        services = named.get("Service", []) if isinstance(named, dict) else []
        actions = statement.get("Action", [])
        if (
            statement.get("Effect") == "Allow"
            and principal in ([services] if isinstance(services, str) else services)
            and "sts:AssumeRole" in ([actions] if isinstance(actions, str) else actions)
        ):
            return True
    return False


def session_of_role(role_arn: str, owner: str, session_name: str) -> dict[str, str]:
    """Register a session of a role, without a look at whom the role trusts.

    Parameters
    ----------
    role_arn : str
        The role.
    owner : str
        Who acts as the role: the same owner has the same key every time, so that registering it again takes nothing
        from those who use it already.
    session_name : str
        What the session's ARN ends with.

    Returns
    -------
    dict of str to str
        `aws_access_key_id`, `aws_secret_access_key` and `aws_session_token`.
    """
    name = role_arn.rpartition("/")[2]
    access_key_id = f"ASIA{_derived('key', owner, role_arn)[:16].upper()}"
    secret, token = _derived("secret", owner, role_arn), _derived("token", owner, role_arn)
    sts.register_session(
        access_key_id,
        {
            "Arn": f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/{name}/{session_name}",
            "UserId": f"{name}:{session_name}",
            "SecretAccessKey": secret,
            "SessionToken": token,
        },
    )
    return {"aws_access_key_id": access_key_id, "aws_secret_access_key": secret, "aws_session_token": token}


def _derived(*parts: str) -> str:
    """Derive what nobody can guess who does not know the root user's secret key."""
    return hmac.digest(os.environ["AWS_SECRET_ACCESS_KEY"].encode(), json.dumps(parts).encode(), "sha256").hex()
