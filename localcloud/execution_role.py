"""Clients that act as a role which a service was given, under that role's own permissions."""

import hashlib
import json
import threading
from typing import Any

import boto3
from botocore.config import Config
from ministack import app as ministack_app
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
    if ministack_app.AUTH:
        role = iam._roles.get_scoped(ACCOUNT_ID, None, name)
        if role is None or not _trusts(role.get("AssumeRolePolicyDocument", {}), principal):
            raise RoleNotAssumableError(role_arn)
    with _CLIENT_LOCK:
        session = boto3.Session(region_name=REGION, **_credentials(role_arn, name, principal))
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


def _credentials(role_arn: str, name: str, principal: str) -> dict[str, str]:
    """Register a session of the role, as MiniStack does for the roles of Lambda functions."""
    session_name = principal.partition(".")[0]
    digest = hashlib.sha256(f"{principal}:{role_arn}".encode()).hexdigest()
    access_key_id = f"ASIA{digest[:16].upper()}"
    secret = hashlib.sha256(f"secret:{digest}".encode()).hexdigest()
    token = hashlib.sha256(f"token:{digest}".encode()).hexdigest()
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
