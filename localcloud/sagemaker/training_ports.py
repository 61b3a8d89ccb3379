"""Ports for the hosts of training jobs, which share one machine here."""

import contextlib
import random
import socket
from collections.abc import Iterator, Sequence

from localcloud.credentials import HOST

PORTS_PER_HOST = 10
# Below the ports that systems give to outgoing connections.
_FIRST, _LAST = 20_000, 32_000
_ATTEMPTS = 200

_taken: set[int] = set()


@contextlib.contextmanager
def addresses(hosts: Sequence[str]) -> Iterator[dict[str, str]]:
    """Reserve ports for the hosts of a job, against other jobs of this cloud.

    Parameters
    ----------
    hosts : sequence of str
        Names of the hosts.

    Yields
    ------
    dict of str to str
        Address and first of ten free ports of each host, such as `127.0.0.1:21000`.

    Raises
    ------
    OSError
        If no ten ports in a row are free.
    """
    bases: list[int] = []
    try:
        bases.extend(_reserve() for _ in hosts)
        yield {host: f"{HOST}:{base}" for host, base in zip(hosts, bases, strict=True)}
    finally:
        _taken.difference_update(bases)


def _reserve() -> int:
    for _ in range(_ATTEMPTS):
        # Which ports is no secret.
        base = random.randrange(_FIRST, _LAST, PORTS_PER_HOST)  # noqa: S311
        if base not in _taken and all(_is_free(base + offset) for offset in range(PORTS_PER_HOST)):
            _taken.add(base)
            return base
    raise OSError(f"No {PORTS_PER_HOST} free ports in a row were found from {_FIRST} to {_LAST}.")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
