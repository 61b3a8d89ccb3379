"""Requests and replies as API Gateway's proxy integration has them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from signpost.api.problems import problem, problem_headers


@dataclass(frozen=True)
class Request:
    """A request.

    Attributes
    ----------
    method, resource, path : str
        ``resource`` is the path's template, such as ``/classify/{classifier}``.
    parameters : mapping of str to str
        Of the path.
    headers : mapping of str to str
        Names in lower case.
    body : str
        Text, or base64 where ``is_base64`` says so.
    context : mapping
        API Gateway's ``requestContext``.
    """

    method: str
    resource: str
    path: str
    parameters: Mapping[str, str]
    headers: Mapping[str, str]
    body: str
    is_base64: bool
    context: Mapping[str, Any]

    @classmethod
    def read(cls, event: Mapping[str, Any]) -> Request:
        """Read a proxy event, payload version 1.0."""
        return cls(
            method=event["httpMethod"],
            resource=event["resource"],
            path=event["path"],
            parameters=event.get("pathParameters") or {},
            headers={name.lower(): value for name, value in (event.get("headers") or {}).items()},
            body=event.get("body") or "",
            is_base64=bool(event.get("isBase64Encoded")),
            context=event["requestContext"],
        )

    @property
    def id(self) -> str:
        """API Gateway's id of it, which the access log has too."""
        return self.context["requestId"]

    @property
    def media_type(self) -> str:
        """The content type without its parameters."""
        return self.headers.get("content-type", "").split(";", 1)[0].strip().lower()


@dataclass(frozen=True)
class Reply:
    """A reply; ``request_id`` is the decision's where there is one."""

    status: int
    body: str
    request_id: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def as_proxy(self, cors: Mapping[str, str]) -> dict[str, Any]:
        """Return what API Gateway takes."""
        own = {"Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        headers = {**own, "X-Request-Id": self.request_id, **self.headers, **cors}
        return {"statusCode": self.status, "headers": headers, "body": self.body, "isBase64Encoded": False}


def reply(status: int, body: BaseModel | Mapping[str, Any], request_id: str, **headers: str) -> Reply:
    """Answer a contract as JSON."""
    text = body.model_dump_json() if isinstance(body, BaseModel) else json.dumps(body)
    return Reply(status, text, request_id, headers)


def refuse(code: str, detail: str, request_id: str, **headers: str) -> Reply:
    """Answer a problem."""
    told = problem(code, detail, request_id)
    return Reply(told.status, told.model_dump_json(), request_id, {**problem_headers(code), **headers})
