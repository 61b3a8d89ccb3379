"""Keeps MiniStack's unsigned administration (reset, configuration, queue contents) away from everyone.

Whatever runs on this machine can reach 127.0.0.1, a page in the user's browser too, and those paths ask for no
signature.
"""

from collections.abc import Awaitable, Callable
from typing import Any

ADMINISTRATION = "/_ministack/"
# Health, and where custom resources and wait conditions of CloudFormation answer under unguessable addresses.
OPEN = tuple(ADMINISTRATION + path for path in ("health", "ready", "cfn-response/", "cfn-signal/"))

Application = Callable[[dict[str, Any], Callable[..., Any], Callable[..., Awaitable[None]]], Awaitable[None]]


def guarded(application: Application) -> Application:
    """Return an application that refuses administration.

    Parameters
    ----------
    application : callable
        MiniStack's ASGI application.

    Returns
    -------
    callable
        An ASGI application.
    """

    async def serve(scope: dict[str, Any], receive: Callable[..., Any], send: Callable[..., Awaitable[None]]) -> None:
        path = scope.get("path", "")
        if path.startswith(ADMINISTRATION) and not path.startswith(OPEN):
            await send({"type": "http.response.start", "status": 403, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
        else:
            await application(scope, receive, send)

    return serve
