"""Proxies of the environment are for the network, not for servers of this machine."""

from __future__ import annotations

from collections.abc import Mapping

_NAMES = ("NO_PROXY", "no_proxy")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def around_loopback(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that keep every client of a process and of its children from a proxy to this machine.

    Parameters
    ----------
    environment : mapping of str to str
        The process's environment.

    Returns
    -------
    dict of str to str
        ``NO_PROXY`` in both spellings, because programs read one or the other. The hosts that it had stay.
    """
    hosts = [host.strip() for name in _NAMES for host in environment.get(name, "").split(",") if host.strip()]
    return dict.fromkeys(_NAMES, ",".join(dict.fromkeys([*hosts, *_LOOPBACK])))
