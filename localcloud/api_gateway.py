"""What MiniStack's API Gateway lacks: limits on the size of a request, and its own answer where IAM says no."""

import json
from typing import Any

import ministack.app as ministack_app
from ministack.core.iam_evaluator import AuthError
from ministack.services import apigateway_v1

# (https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html)
MAX_REQUEST_BYTES = 10 * 2**20
# (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html)
MAX_EVENT_BYTES = 6 * 2**20


def install() -> None:
    """Answer a request that is too large, or that no policy allows, as API Gateway does."""
    _limit_sizes()
    _answer_denials()


def _limit_sizes() -> None:
    execute, build = apigateway_v1._execute_in_scope, apigateway_v1._build_lambda_event_v1

    async def execute_in_scope(*arguments: Any, **named: Any) -> Any:
        try:
            return await execute(*arguments, **named)
        except _TooLargeError:
            return apigateway_v1._GatewayError("REQUEST_TOO_LARGE", "Request Too Long")

    def build_lambda_event(*arguments: Any, **named: Any) -> dict[str, Any]:
        event = build(*arguments, **named)
        body = event["body"] or ""
        sent = len(body) * 3 // 4 if event["isBase64Encoded"] else len(body)
        if sent > MAX_REQUEST_BYTES or len(json.dumps(event)) > MAX_EVENT_BYTES:
            raise _TooLargeError
        return event

    apigateway_v1._execute_in_scope = execute_in_scope
    apigateway_v1._build_lambda_event_v1 = build_lambda_event


def _answer_denials() -> None:
    """Let a denial have the API's gateway response; MiniStack does so for wrong signatures only."""
    enforce = ministack_app._enforce_execute_api
    apigateway_v1._AUTHENTICATION_GATEWAY_ERRORS["AccessDenied"] = ("ACCESS_DENIED", "AccessDeniedException")

    def enforce_execute_api(
        api_id: str, stage: str, method: str, path: str, headers: dict, query: dict, **named: Any
    ) -> Any:
        denied = enforce(api_id, stage, method, path, headers, query, **named)
        if denied and denied[1].get("x-amzn-errortype") == "AccessDeniedException":
            error = AuthError("AccessDenied", "User is not authorized to access this resource")
            return apigateway_v1.authentication_error_response(api_id, stage, error, headers, query) or denied
        return denied

    ministack_app._enforce_execute_api = enforce_execute_api


class _TooLargeError(Exception):
    """The request goes over a limit."""
