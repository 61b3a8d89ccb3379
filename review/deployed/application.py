"""The deployed page: the same application, behind a sign-in, on a copy of the shared index."""

from __future__ import annotations

from dataclasses import replace

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from review.app import make_app
from review.deployed import sign_in
from review.deployed.copy import Copy
from review.deployed.guard import SessionGuard
from review.deployed.identity import Identity, SignInFailed
from review.deployed.sessions import Sessions
from review.deployed.sign_in import Door
from review.links import SignedLinks
from review.parts import make_parts, render
from review.people import Visitor


def make_deployed(copy: Copy, identity: Identity, sessions: Sessions) -> SessionGuard:
    """Build the guarded application.

    Parameters
    ----------
    copy : Copy
        Of the index, with the sources of what it does not hold.
    identity : Identity
        Where people sign in.
    sessions : Sessions
        What a browser keeps of that.
    """
    parts = make_parts(copy.index, copy.sources, _visitor)
    app = make_app(replace(parts, upkeep=copy, links=SignedLinks(sessions.key)))
    app.state.door = Door(identity, sessions)
    app.include_router(sign_in.router)
    app.add_exception_handler(SignInFailed, _not_signed_in)
    return SessionGuard(app, _refreshed(app, copy), sessions)


def _refreshed(app: FastAPI, copy: Copy) -> ASGIApp:
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        await run_in_threadpool(copy.once)
        await app(scope, receive, send)

    return serve


def _visitor(request: Request) -> Visitor:
    return request.state.visitor


def _not_signed_in(request: Request, error: Exception) -> Response:
    return render(request, "message.html", 401, message=f"{error}.".capitalize())
