"""What the API answers when it does not answer a question: problem details (RFC 9457) with stable codes."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from pydantic import Field

from signpost.routing.contracts import Contract

CONTENT_TYPE = "application/problem+json"
# Codes never change their meaning; the sentence beside each is its title.
PROBLEMS: dict[str, tuple[int, str]] = {
    "empty_body": (400, "There is no picture in the request"),
    "malformed_request": (400, "The request can't be read"),
    "unknown_classifier": (400, "There is no such classifier"),
    "invalid_idempotency_key": (400, "The Idempotency-Key can't be used"),
    "no_credentials": (401, "The request says not who asks"),
    "access_denied": (403, "You may not do this"),
    "not_found": (404, "There is nothing here"),
    "method_not_allowed": (405, "This can't be done here"),
    "idempotency_conflict": (409, "The Idempotency-Key belongs to another request"),
    "too_large": (413, "The request is too large"),
    "unsupported_media_type": (415, "This is not how pictures are sent"),
    "too_many_requests": (429, "Too many requests"),
    "internal_error": (500, "Something went wrong"),
    "unavailable": (503, "The service can't answer now"),
    "not_decided_yet": (503, "The decision takes longer than a request may"),
}
RETRY_SECONDS = {"too_many_requests": 1, "unavailable": 5, "not_decided_yet": 5}


class Problem(Contract):
    """Problem details.

    Attributes
    ----------
    type : str
        ``urn:signpost:problem:<code>``.
    title : str
        Of every problem with this code.
    status : int
        Of the answer.
    detail : str
        What was wrong this time, what is allowed, what to do.
    instance : str
        ``urn:uuid:<id>``, the id of the request; where there is one, that of its decision.
    code : str
        One of `PROBLEMS`.
    """

    type: str = Field(pattern="^urn:signpost:problem:[a-z_]+$")
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    instance: str
    code: str


def problem(code: str, detail: str, request_id: str) -> Problem:
    """Make a problem.

    Parameters
    ----------
    code : str
        One of `PROBLEMS`.
    detail : str
        Of this request.
    request_id : str
        Its id, or that of its decision.

    Returns
    -------
    Problem
    """
    status, title = PROBLEMS[code]
    return Problem(
        type=f"urn:signpost:problem:{code}",
        title=title,
        status=status,
        detail=detail,
        instance=f"urn:uuid:{request_id}",
        code=code,
    )


def problem_headers(code: str) -> dict[str, str]:
    """Return the headers of a problem's answer."""
    retry = {"Retry-After": str(RETRY_SECONDS[code])} if code in RETRY_SECONDS else {}
    return {"Content-Type": CONTENT_TYPE, **retry}


def example(code: str) -> dict[str, Any]:
    """Return a problem as documents show it."""
    status, title = PROBLEMS[code]
    detail = f"{title}: {HTTPStatus(status).phrase.lower()}."
    return problem(code, detail, "3f2b8c1e-7a4d-4e0b-9a51-0c6d2f1e8b77").model_dump()
