"""The one place where boto3 clients are made."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config


def client(service: str, *, read_timeout: float = 10, attempts: int = 3, signature: str | None = None) -> Any:
    """Make a client with bounded waiting.

    Parameters
    ----------
    service : str
        Service name as boto3 spells it.
    read_timeout : float
        Seconds to wait for an answer.
    attempts : int
        Calls in all, retries included.
    signature : str or None
        Version of the signature where it is not the service's usual one.

    Returns
    -------
    botocore.client.BaseClient
        Region, credentials and endpoint come from the environment, as everywhere in AWS.
    """
    config = Config(
        connect_timeout=3,
        read_timeout=read_timeout,
        retries={"mode": "standard", "total_max_attempts": attempts},
        signature_version=signature,
    )
    return boto3.client(service, config=config)
