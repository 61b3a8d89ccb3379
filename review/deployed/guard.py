"""What stands before the deployed page: our own host, our own page, and a session."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from review.deployed.sessions import Sessions
from review.deployed.sign_in import OPEN
from review.people import Visitor
from review.security import HEADERS, SAFE

NOBODY = Visitor("", may_correct=False)
_STATIC = "/static/"


class SessionGuard:
    """Lets in who has signed in, at the page's address, and says who they are.

    Parameters
    ----------
    app : ASGIApp
        Finds who asks in its request's ``state.visitor``.
    refreshed : ASGIApp
        The same, for what shows records.
    sessions : Sessions
    """

    def __init__(self, app: ASGIApp, refreshed: ASGIApp, sessions: Sessions) -> None:
        self._app, self._refreshed, self._sessions = app, refreshed, sessions
        address = urlsplit(sessions.address)
        self._host, self._origin, self._root = address.netloc, f"{address.scheme}://{address.netloc}", address.path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        path = scope["path"]
        # API Gateway takes the stage off; ASGI wants it in both.
        scope = {**scope, "root_path": self._root, "path": self._root + path, "state": {"visitor": NOBODY}}
        answer: ASGIApp | None = self._misplaced(scope)
        if answer is None and (path in OPEN or path.startswith(_STATIC)):
            answer = self._app
        elif answer is None and (visitor := self._sessions.visitor(HTTPConnection(scope))):
            scope["state"]["visitor"] = visitor
            answer = self._refreshed
        await (answer or self._stranger(scope, path))(scope, receive, send)

    def _misplaced(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if headers.get("host", "") != self._host:
            return PlainTextResponse("This host is not served here.", 421, HEADERS)
        if scope["method"] not in SAFE and headers.get("origin") != self._origin:
            return PlainTextResponse("A change must come from the page itself.", 403, HEADERS)
        return None

    def _stranger(self, scope: Scope, path: str) -> Response:
        headers = Headers(scope=scope)
        if scope["method"] in SAFE and "text/html" in headers.get("accept", ""):
            query = scope["query_string"].decode("latin-1")
            to = urlencode({"to": f"{path}?{query}" if query else path})
            return RedirectResponse(f"{self._root}/sign-in?{to}", 303, HEADERS)
        # htmx loads the page anew, which leads to the sign-in.
        return PlainTextResponse("Sign in first.", 401, {**HEADERS, "HX-Refresh": "true"})
