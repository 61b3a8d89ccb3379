"""What a browser keeps of a visitor, signed: a sign-in under way, and the session after it."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import jwt
from starlette.requests import HTTPConnection
from starlette.responses import Response

from review.people import Visitor

_ALGORITHM = "HS256"
_SESSION, _ATTEMPT = "session", "sign-in"
# Who leaves a group of the pool keeps its rights for no longer than so.
_SECONDS = {_SESSION: 3600, _ATTEMPT: 600}


@dataclass(frozen=True)
class Attempt:
    """A sign-in under way.

    Attributes
    ----------
    state, nonce, verifier : str
        What makes sure that the answer belongs to this browser's question (OAuth 2.0, OpenID Connect, PKCE).
    to : str
        The page that was wanted.
    """

    state: str
    nonce: str
    verifier: str
    to: str

    @classmethod
    def begin(cls, to: str) -> Attempt:
        """Make one up; anything but a path of our own leads to the list."""
        own = to.startswith("/") and not to.startswith(("//", "/\\"))
        return cls(*(secrets.token_urlsafe(48) for _ in range(3)), to=to if own else "/")


@dataclass(frozen=True)
class Sessions:
    """Cookies that nobody else can make.

    Attributes
    ----------
    key : bytes
        The secret.
    address : str
        Of the page.
    """

    key: bytes
    address: str

    def visitor(self, request: HTTPConnection) -> Visitor | None:
        """Tell who asks; None without a session."""
        said = self._read(request, _SESSION)
        return Visitor(said["name"], said["may_correct"]) if said else None

    def attempt(self, request: HTTPConnection) -> Attempt | None:
        """Give the sign-in that this browser began."""
        said = self._read(request, _ATTEMPT)
        return Attempt(**{name: said[name] for name in ("state", "nonce", "verifier", "to")}) if said else None

    def keep_attempt(self, response: Response, attempt: Attempt) -> None:
        """Remember a sign-in under way."""
        self._write(response, _ATTEMPT, vars(attempt))

    def open(self, response: Response, visitor: Visitor) -> None:
        """Begin a session; the sign-in is over."""
        self._write(response, _SESSION, vars(visitor))
        self._drop(response, _ATTEMPT)

    def close(self, response: Response) -> None:
        """End the session in this browser."""
        self._drop(response, _SESSION)

    def _read(self, request: HTTPConnection, kind: str) -> dict[str, Any] | None:
        try:
            return jwt.decode(
                request.cookies.get(self._name(kind), ""),
                self.key,
                algorithms=[_ALGORITHM],
                audience=kind,
                issuer=self.address,
                options={"require": ["exp", "aud", "iss"]},
            )
        except jwt.PyJWTError:
            return None

    def _write(self, response: Response, kind: str, said: dict[str, Any]) -> None:
        bounds = {"aud": kind, "iss": self.address, "exp": int(time.time()) + _SECONDS[kind]}
        text = jwt.encode({**said, **bounds}, self.key, _ALGORITHM)
        # Not strict: the way back from the sign-in, and a deep link in somebody's message, shall lead here.
        response.set_cookie(self._name(kind), text, _SECONDS[kind], secure=self._secure, httponly=True, samesite="lax")

    def _drop(self, response: Response, kind: str) -> None:
        response.delete_cookie(self._name(kind), secure=self._secure, httponly=True, samesite="lax")

    @property
    def _secure(self) -> bool:
        return urlsplit(self.address).scheme == "https"  # not so on the local cloud alone

    def _name(self, kind: str) -> str:
        # The prefix keeps other hosts of the domain from setting it.
        return f"{'__Host-' if self._secure else ''}signpost-{kind}"
