"""What API Gateway answers by itself, in the same form as the function's problems."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_apigateway as apigateway

from signpost.api.problems import PROBLEMS, problem, problem_headers

_SIGNED_WRONG = "The signature or the token is missing, wrong or too old."
_REFUSALS = {
    "ACCESS_DENIED": ("access_denied", "You are known, but your policies do not allow this."),
    "INVALID_SIGNATURE": ("access_denied", _SIGNED_WRONG),
    "EXPIRED_TOKEN": ("access_denied", _SIGNED_WRONG),
    "MISSING_AUTHENTICATION_TOKEN": ("access_denied", _SIGNED_WRONG),
    "INVALID_API_KEY": ("access_denied", "X-Api-Key is missing or unknown."),
    "WAF_FILTERED": ("access_denied", "The firewall takes this for an attack."),
    "UNAUTHORIZED": ("no_credentials", _SIGNED_WRONG),
    "THROTTLED": ("too_many_requests", "Too many requests come at once. Wait, then ask again."),
    "QUOTA_EXCEEDED": ("too_many_requests", "This key has no requests left today."),
    "REQUEST_TOO_LARGE": ("too_large", "Ask POST /uploads for a form that takes larger pictures."),
    "UNSUPPORTED_MEDIA_TYPE": ("unsupported_media_type", "GET /openapi.json says what is taken."),
    "BAD_REQUEST_PARAMETERS": ("malformed_request", "GET /openapi.json says what is taken."),
    "BAD_REQUEST_BODY": ("malformed_request", "GET /openapi.json says what is taken."),
    "RESOURCE_NOT_FOUND": ("not_found", "No such path; GET /openapi.json lists them all."),
    "INTEGRATION_FAILURE": ("unavailable", "Ask again, with the same Idempotency-Key."),
    "INTEGRATION_TIMEOUT": ("unavailable", "Ask again, with the same Idempotency-Key."),
    "API_CONFIGURATION_ERROR": ("internal_error", "The API is not deployed as it should be."),
    "AUTHORIZER_CONFIGURATION_ERROR": ("internal_error", "The API is not deployed as it should be."),
    "AUTHORIZER_FAILURE": ("internal_error", "The API is not deployed as it should be."),
    "DEFAULT_4XX": ("access_denied", _SIGNED_WRONG),
    "DEFAULT_5XX": ("internal_error", "Something went wrong. Ask again, with the same Idempotency-Key."),
}


def add_problems(api: apigateway.RestApi, cors_origins: Sequence[str]) -> None:
    """Make every answer of API Gateway itself a problem.

    Parameters
    ----------
    api : apigateway.RestApi
        The API.
    cors_origins : sequence of str
        Web pages that may read the answers. API Gateway can name one here; with several, pages see only that a request
        failed.
    """
    allowed = {"Access-Control-Allow-Origin": cors_origins[0]} if len(cors_origins) == 1 else {}
    for kind, (code, detail) in _REFUSALS.items():
        challenge = {"WWW-Authenticate": "Bearer"} if kind == "UNAUTHORIZED" else {}
        headers = problem_headers(code) | challenge | allowed
        api.add_gateway_response(
            "".join(word.capitalize() for word in kind.split("_")),
            type=apigateway.ResponseType.of(kind),
            status_code=str(PROBLEMS[code][0]),
            response_headers={name: f"'{value}'" for name, value in headers.items()},
            templates={"application/json": problem(code, detail, "$context.requestId").model_dump_json()},
        )
