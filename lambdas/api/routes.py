"""Which operation answers which request."""

from __future__ import annotations

import re
from collections.abc import Callable

from lambdas.api.classify import classify
from lambdas.api.follow import decision, upload
from lambdas.api.http import Reply, Request, refuse, reply
from lambdas.api.page import page, page_file
from lambdas.api.services import Services
from signpost.api.contracts import ROUTES, Classifiers, Health
from signpost.api.openapi import document

Operation = Callable[[Request, Services], Reply]


def _classifiers(request: Request, services: Services) -> Reply:
    return reply(200, Classifiers(classifiers=services.configuration.classifiers), request.id)


def _health(request: Request, _: Services) -> Reply:
    return reply(200, Health(status="ok"), request.id)


def _document(request: Request, services: Services) -> Reply:
    described = document(services.configuration.authorisation, list(services.configuration.inputs))
    return reply(200, described, request.id)


_OPERATIONS: dict[str, Operation] = {
    "classify": classify,
    "upload": upload,
    "decision": decision,
    "classifiers": _classifiers,
    "health": _health,
    "document": _document,
    "page": page,
    "page_file": page_file,
}
_BY_ROUTE = {route: _OPERATIONS[name] for name, route in ROUTES.items()}


def operation(request: Request) -> Operation:
    """Find the operation that answers a request."""
    if request.method == "OPTIONS":
        return lambda request, _: Reply(204, "", request.id)
    return _BY_ROUTE.get((request.method, request.resource), _nothing_here)


def _nothing_here(request: Request, _: Services) -> Reply:
    allowed = [method for method, route in ROUTES.values() if _pattern(route).fullmatch(request.path)]
    if allowed:
        detail = f"Allowed is {', '.join(allowed)}."
        return refuse("method_not_allowed", detail, request.id, Allow=", ".join(allowed))
    return refuse("not_found", "No such path; GET /openapi.json lists them all.", request.id)


def _pattern(route: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(route)))
