"""Keeps out what is no client of this machine: web pages, and callers without a signature that can be checked.

Whatever runs on this machine can reach 127.0.0.1, a page in the user's browser too. MiniStack answers every origin, and
takes a caller whose `Authorization` it does not understand for the root user. An API that was deployed here is meant
for both, and lets nobody in but by its own authorisation, as on AWS.
"""

import re
from collections.abc import Iterable

from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable, Scope

# MiniStack's administration (reset, configuration, queue contents) asks for no signature at all.
ADMINISTRATION = "/_ministack/"
# Health, and where custom resources and wait conditions of CloudFormation answer under unguessable addresses.
OPEN = tuple(ADMINISTRATION + path for path in ("health", "ready", "cfn-response/", "cfn-signal/"))
# No name that an attacker's DNS can point here ends in `.localhost`; S3 and API Gateway have subdomains of it.
_OWN_HOST = re.compile(r"(127\.0\.0\.1|([\w-]+\.)*localhost)(:\d+)?", re.ASCII)
# Where the sign-in page of user pools sends its form; no other page of ours is anybody else's.
SIGN_IN = "/login"
_SIGNED = "AWS4-HMAC-SHA256 "
# A stage of a deployed API: MiniStack reads such a path as nothing else, as long as the host is no subdomain.
_API = re.compile(r"/_aws/execute-api/[a-z0-9]+/[\w-]+(/.*)?", re.ASCII | re.DOTALL)
_PLAIN_HOST = re.compile(r"(127\.0\.0\.1|localhost)(:\d+)?", re.ASCII)


def guarded(application: ASGIFramework) -> ASGIFramework:
    """Return an application that refuses web pages, foreign host names, administration and unknown credentials.

    Parameters
    ----------
    application : callable
        MiniStack's ASGI application.

    Returns
    -------
    callable
        An ASGI application.
    """

    async def serve(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] == "lifespan" or (scope["type"] == "http" and is_welcome(scope["path"], scope["headers"])):
            await application(scope, receive, send)
        elif scope["type"] == "http":
            await send({"type": "http.response.start", "status": 403, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        else:
            await send({"type": "websocket.close", "code": 1008, "reason": None})

    return serve


def is_welcome(path: str, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Tell whether a request may reach MiniStack.

    Parameters
    ----------
    path : str
        Its path.
    headers : iterable of tuple of bytes and bytes
        Its headers.

    Returns
    -------
    bool
        Whether it comes from no web page but the sign-in page, names this machine, and is unsigned or signed in a way
        that is checked; or is for a deployed API.
    """
    found: dict[bytes, list[str]] = {}
    for name, value in headers:
        found.setdefault(name.lower(), []).append(value.decode("latin-1"))
    hosts, credentials = found.get(b"host", []), found.get(b"authorization", [])
    # Of two, MiniStack's parts would read one each.
    if len(hosts) != 1 or len(credentials) > 1:
        return False
    if _API.fullmatch(path) and _PLAIN_HOST.fullmatch(hosts[0].lower()):
        return True
    return (
        _OWN_HOST.fullmatch(hosts[0].lower()) is not None
        and (b"origin" not in found or (path == SIGN_IN and found[b"origin"] == [f"http://{hosts[0]}"]))
        and set(found.get(b"sec-fetch-site", [])) <= {"none", "same-origin"}
        and all(value.startswith(_SIGNED) for value in credentials)
        and (not path.startswith(ADMINISTRATION) or path.startswith(OPEN))
    )
