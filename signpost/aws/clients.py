"""The one place where clients of AWS are made.

botocore is imported where a client is made, since import time is cold start and a function may never make one.
"""

from __future__ import annotations

from functools import cache
from typing import Any


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
        Region, credentials and endpoint come from the environment, as everywhere in AWS. boto3 is botocore and
        conveniences that took 30 ms more to load; the one that is used has `file_client`.
    """
    return _session().create_client(service, config=_config(read_timeout, attempts, signature))


def file_client(*, read_timeout: float) -> Any:
    """Make a client of S3 that also has ``upload_file`` and ``download_file``, which move large files in parts.

    Returns
    -------
    botocore.client.S3
        As from `client`.
    """
    import boto3

    return boto3.client("s3", config=_config(read_timeout, attempts=3))


@cache
def _session() -> Any:
    from botocore.session import get_session

    return get_session()


def _config(read_timeout: float, attempts: int, signature: str | None = None) -> Any:
    from botocore.config import Config

    return Config(
        connect_timeout=3,
        read_timeout=read_timeout,
        retries={"mode": "standard", "total_max_attempts": attempts},
        signature_version=signature,
        # Presigned URLs and forms otherwise name S3's global host, which redirects requests for a new bucket outside
        # us-east-1; browsers refuse redirected cross-origin requests.
        s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
    )
