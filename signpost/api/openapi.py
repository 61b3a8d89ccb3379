"""The API's OpenAPI 3.1 document, made from the contracts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from signpost.api.contracts import (
    MAX_PICTURE_BYTES,
    Classifiers,
    Health,
    Pending,
    PictureInJson,
    Upload,
    UploadRequest,
)
from signpost.api.openapi_examples import DECISIONS, JSON_PICTURE, PENDING, UPLOAD
from signpost.api.problems import CONTENT_TYPE, PROBLEMS, Problem, example
from signpost.images.formats import MEDIA_TYPES
from signpost.routing.contracts import Decision
from signpost.routing.object_keys import UUID

Node = dict[str, Any]
_MODELS: tuple[tuple[type[BaseModel], JsonSchemaMode], ...] = (
    (PictureInJson, "validation"),
    (UploadRequest, "validation"),
    (Classifiers, "serialization"),
    (Decision, "serialization"),
    (Health, "serialization"),
    (Pending, "serialization"),
    (Problem, "serialization"),
    (Upload, "serialization"),
)
_SCHEMES: dict[str, Node] = {
    "iam": {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "description": "AWS Signature Version 4 for the service `execute-api`.",
        "x-amazon-apigateway-authtype": "awsSigv4",
    },
    "cognito": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token of the user pool.",
    },
}
_ALWAYS = ("no_credentials", "access_denied", "too_many_requests", "internal_error", "unavailable")
_RETRY = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string"}}}
_REQUEST_ID = {"X-Request-Id": {"description": "The decision's id, or the request's.", "schema": {"type": "string"}}}


def document(authorisation: str, classifiers: Sequence[str]) -> Node:
    """Describe the API.

    Parameters
    ----------
    authorisation : {"iam", "cognito"}
        How callers are known.
    classifiers : sequence of str
        Those that can be asked.

    Returns
    -------
    dict
        An OpenAPI 3.1 document.
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Signpost API",
            "version": "1",
            "description": "Looks at a picture and says where it goes. What can't be answered is a problem (RFC 9457).",
        },
        "servers": [{"url": "./"}],
        "security": [{authorisation: []}],
        "paths": {
            "/classify/{classifier}": {"post": _classify(classifiers)},
            "/uploads": {"post": _uploads()},
            "/decisions/{decision_id}": {"get": _decisions()},
            "/classifiers": {
                "get": _operation("listClassifiers", "Who can be asked", {200: _json(Classifiers)}, _ALWAYS)
            },
            "/health": {
                "get": {**_operation("health", "Whether the API is there", {200: _json(Health)}), "security": []}
            },
        },
        "components": {
            "schemas": _schemas(tuple(classifiers)),
            "securitySchemes": {authorisation: _SCHEMES[authorisation]},
        },
    }


def _classify(classifiers: Sequence[str]) -> Node:
    problems = (
        "empty_body",
        "idempotency_conflict",
        "too_large",
        "unsupported_media_type",
        "not_decided_yet",
        *_ALWAYS,
    )
    operation = _operation(
        "classify", "The decision of a picture", {200: {**_json(Decision, DECISIONS), "headers": _REQUEST_ID}}, problems
    )
    picture = {"type": "string", "format": "binary"}
    form = {"type": "object", "properties": {"image": picture}, "required": ["image"]}
    bodies = {kind: {"schema": picture} for kind in MEDIA_TYPES}
    bodies |= {"multipart/form-data": {"schema": form, "encoding": {"image": {"contentType": "image/*"}}}}
    bodies |= _json(PictureInJson, {"json": JSON_PICTURE})["content"]
    key = {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "The same key with the same picture gives the same decision, dispatched once; for 90 days.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
        "example": "order-4711",
    }
    return {
        **operation,
        "description": f"At most {MAX_PICTURE_BYTES:,} bytes; `POST /uploads` takes larger ones."
        " `review` and `rejected` are decisions too.",
        "parameters": [_in_path("classifier", {"type": "string", "enum": list(classifiers)}), key],
        "requestBody": {"required": True, "content": bodies},
    }


def _uploads() -> Node:
    made = {**_json(Upload, {"form": UPLOAD}), "headers": {"Location": {"schema": {"type": "string"}}}}
    problems = ("malformed_request", "too_large", "unsupported_media_type", *_ALWAYS)
    return {
        **_operation("upload", "A form that takes a larger picture", {201: made}, problems),
        "requestBody": {"required": True, **_json(UploadRequest, {}, describe=False)},
    }


def _decisions() -> Node:
    pending = {**_json(Pending, {"pending": PENDING}), "headers": _RETRY}
    answers = {200: _json(Decision, DECISIONS), 202: pending}
    return {
        **_operation("decision", "A decision that you have asked for", answers, ("not_found", *_ALWAYS)),
        "parameters": [_in_path("decision_id", {"type": "string", "format": "uuid", "pattern": f"^{UUID}$"})],
    }


def _operation(name: str, summary: str, answers: dict[int, Node], problems: Sequence[str] = ()) -> Node:
    by_status: dict[int, list[str]] = {}
    for code in problems:
        by_status.setdefault(PROBLEMS[code][0], []).append(code)
    refusals = {status: _problems(codes) for status, codes in by_status.items()}
    responses = {str(status): answer for status, answer in sorted((answers | refusals).items())}
    return {"operationId": name, "summary": summary, "responses": responses}


def _problems(codes: Sequence[str]) -> Node:
    status = PROBLEMS[codes[0]][0]
    # Those that any operation of the API may have with this status, too.
    known = [code for code, (its, _) in PROBLEMS.items() if its == status]
    examples = {code: {"value": example(code)} for code in known}
    content = {CONTENT_TYPE: {"schema": _reference(Problem), "examples": examples}}
    waits = {"headers": _RETRY} if status in (429, 503) else {}
    return {"description": " · ".join(PROBLEMS[code][1] for code in codes), "content": content, **waits}


def _json(model: type[BaseModel], examples: Node | None = None, *, describe: bool = True) -> Node:
    shown = {"examples": {name: {"value": value} for name, value in examples.items()}} if examples else {}
    title = (model.__doc__ or "").splitlines()[0]
    content = {"application/json": {"schema": _reference(model), **shown}}
    return {**({"description": title} if describe else {}), "content": content}


def _in_path(name: str, schema: Node) -> Node:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _reference(model: type[BaseModel]) -> Node:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


@cache
def _schemas(classifiers: tuple[str, ...]) -> Node:
    _, found = models_json_schema(_MODELS, ref_template="#/components/schemas/{model}")
    schemas = found["$defs"]
    schemas["UploadRequest"]["properties"]["classifier"] = {"type": "string", "enum": list(classifiers)}
    for schema in schemas.values():  # of a docstring, what a caller of the API wants to know is the first line
        schema["description"] = schema.get("description", "").partition("\n")[0]
    return schemas
