"""Clients of many roles for one service principal, made once each."""

import functools
from collections.abc import Callable
from typing import Any

from botocore.config import Config

from localcloud.execution_role import client_of_role
from localcloud.own_requests import stay_inside

# Retries are the caller's own business: a machine's `Retry`, a rule's dead-letter queue. A Lambda function may take 15
# minutes to answer.
_CONFIG = Config(
    retries={"total_max_attempts": 1},
    connect_timeout=10,
    read_timeout=910,
    max_pool_connections=100,
    # Or `StartSyncExecution` would be asked of `sync-127.0.0.1`.
    inject_host_prefix=False,
)


class RoleClients:
    """Clients that act as roles.

    Parameters
    ----------
    principal : str
        The service that takes the roles on, such as `states.amazonaws.com`.
    port : int
        The local cloud's port.
    prepare : callable, optional
        Gets every client when it is made.
    """

    def __init__(self, principal: str, port: int, prepare: Callable[[Any], None] = lambda _: None) -> None:
        self._principal = principal
        self._port = port
        self._prepare = prepare
        self._client = functools.lru_cache(maxsize=256)(self._make)

    def get(self, role_arn: str, service: str) -> Any:
        """Return a client, safe to use in many threads.

        Parameters
        ----------
        role_arn : str
            The role.
        service : str
            boto3's name of the service to call.

        Returns
        -------
        boto3 client
            Acting as the role.

        Raises
        ------
        RoleNotAssumableError
            If the role does not exist or does not trust the principal.
        botocore.exceptions.UnknownServiceError
            If boto3 does not know the service.
        """
        return self._client(role_arn, service)

    def _make(self, role_arn: str, service: str) -> Any:
        client = client_of_role(role_arn, self._principal, service, self._port, _CONFIG)
        self._prepare(client)
        stay_inside(client)
        return client
