"""What stands before the page on a laptop, and the headers of every answer.

The page is bound to 127.0.0.1, which other people's pages in the same browser, names that point there (DNS rebinding)
and other users of the machine can reach all the same: so the host must be ours, a change must come from our own page,
and the browser must have the token that the terminal printed.
"""

from __future__ import annotations

import hmac
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_TOKEN = "token"  # noqa: S105 - its name
SAFE = frozenset({"GET", "HEAD"})  # methods that change nothing
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}


class SecureHeaders:
    """Adds `HEADERS` to every answer that does not say otherwise."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


class LocalGuard:
    """Lets in who has the token, at our own address.

    Parameters
    ----------
    app : ASGIApp
    port : int
        Of the page.
    token : str
        What the address in the terminal holds.
    once : str
        What the address that the browser is started with holds: others may see it among the processes, so it counts
        once.
    """

    def __init__(self, app: ASGIApp, port: int, token: str, once: str) -> None:
        self._app, self._token, self._once = app, token, once
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        self._cookie = f"signpost-review-{port}"  # a browser keeps one jar for all ports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refused = self._refuse(scope)
        await (refused or self._app)(scope, receive, send)

    def _refuse(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if host not in self._hosts:
            return PlainTextResponse("This host is not served here.", 421, HEADERS)
        if scope["method"] not in SAFE and headers.get("origin") != f"http://{host}":
            return PlainTextResponse("A change must come from the page itself.", 403, HEADERS)
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if self._admits(dict(query).get(_TOKEN, "")):
            rest = urlencode([pair for pair in query if pair[0] != _TOKEN])
            path = "/" + scope["path"].lstrip("/")  # two slashes would lead to another host
            answer = RedirectResponse(f"{path}?{rest}" if rest else path, 303, HEADERS)
            # Not strict: a deep link in somebody's message shall lead here.
            answer.set_cookie(self._cookie, self._token, httponly=True, samesite="lax")
            return answer
        if not _same(_cookies(headers).get(self._cookie, ""), self._token):
            said = "Open the address that `signpost review` printed; it holds a token."
            return PlainTextResponse(said, 401, HEADERS)
        return None

    def _admits(self, given: str) -> bool:
        if self._once and _same(given, self._once):
            self._once = ""
            return True
        return _same(given, self._token)


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())


def _cookies(headers: Headers) -> dict[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(headers.get("cookie", "")).items()}
    except CookieError:
        return {}
