"""Signing in and out."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from review.deployed.identity import Identity, SignInFailed
from review.deployed.sessions import Attempt, Sessions
from review.parts import render
from review.reviewing import NotAllowed

router = APIRouter()
# Paths that need no session.
OPEN = ("/sign-in", "/signed-in", "/sign-out", "/signed-out")


@dataclass(frozen=True)
class Door:
    """What signing in works with."""

    identity: Identity
    sessions: Sessions


@router.get("/sign-in")
def sign_in(request: Request, to: str = "/") -> Response:
    """Send a person to where they sign in."""
    door, attempt = _door(request), Attempt.begin(to)
    answer = RedirectResponse(door.identity.question(attempt), 303)
    door.sessions.keep_attempt(answer, attempt)
    return answer


@router.get("/signed-in")
def signed_in(request: Request, state: str = "", code: str = "") -> Response:
    """Take a person in who comes back from there."""
    door = _door(request)
    attempt = door.sessions.attempt(request)
    if attempt is None or not code or not hmac.compare_digest(state.encode(), attempt.state.encode()):
        raise SignInFailed("this sign-in is too old, was given up, or began elsewhere; sign in again")
    visitor = door.identity.visitor(code, attempt)
    if visitor is None:
        raise NotAllowed("you are signed in, but in neither group, viewer or reviewer; ask who runs this page")
    answer = RedirectResponse(request.scope["root_path"] + attempt.to, 303)
    door.sessions.open(answer, visitor)
    return answer


@router.get("/sign-out")
def sign_out(request: Request) -> Response:
    """Sign a person out, here and where they signed in; another's page may not."""
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        raise NotAllowed("only this page signs you out")
    answer = RedirectResponse(_door(request).identity.goodbye(), 303)
    _door(request).sessions.close(answer)
    return answer


@router.get("/signed-out")
def signed_out(request: Request) -> Response:
    """Say so."""
    return render(request, "message.html", message="You are signed out.")


def _door(request: Request) -> Door:
    return request.app.state.door
