"""Keeps MiniStack's unsigned administration (reset, configuration, queue contents) away from everyone.

Whatever runs on this machine can reach 127.0.0.1, a page in the user's browser too, and those paths ask for no
signature.
"""

from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable, Scope

ADMINISTRATION = "/_ministack/"
# Health, and where custom resources and wait conditions of CloudFormation answer under unguessable addresses.
OPEN = tuple(ADMINISTRATION + path for path in ("health", "ready", "cfn-response/", "cfn-signal/"))


def guarded(application: ASGIFramework) -> ASGIFramework:
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

    async def serve(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        path = scope.get("path", "")
        if path.startswith(ADMINISTRATION) and not path.startswith(OPEN):
            await send({"type": "http.response.start", "status": 403, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        else:
            await application(scope, receive, send)

    return serve
