"""The API: finds the operation of a request, and turns what goes wrong into problem details."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.api.http import Reply, Request, refuse
from lambdas.api.receipts import Receipts
from lambdas.api.routes import operation
from lambdas.api.services import Services
from signpost.aws import clients
from signpost.errors import RequestError
from signpost.settings.lambda_config import ApiConfiguration, read_configuration

# API Gateway waits 29 seconds.
_DECISION_SECONDS = 24
logger, metrics, tracer = Logger(), Metrics(), Tracer(auto_patch=False)
configuration = read_configuration(ApiConfiguration)
services = Services(
    configuration=configuration,
    s3=clients.client("s3", signature="s3v4"),
    machines=clients.client("stepfunctions", read_timeout=_DECISION_SECONDS, attempts=1),
    receipts=Receipts(clients.client("dynamodb"), configuration.table),
    logger=logger,
)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda passes it, Powertools reads it
    """Answer a request of API Gateway's."""
    request = Request.read(event)
    reply = _answer(request)
    metrics.add_metric(f"Api{reply.status // 100}xx", MetricUnit.Count, 1)
    logger.info("answered", request_id=request.id, decision_id=reply.request_id, status=reply.status)
    return reply.as_proxy(_cors(request.headers.get("origin")))


def _answer(request: Request) -> Reply:
    try:
        return operation(request)(request, services)
    except RequestError as error:
        return refuse(error.code, error.detail, error.decision_id or request.id)
    except (ClientError, BotoCoreError):
        logger.exception("a service failed")
        return refuse("unavailable", "A service that is needed does not answer. Try again.", request.id)
    except Exception:
        logger.exception("unexpected")
        return refuse("internal_error", "The request could not be handled. It was logged.", request.id)


def _cors(origin: str | None) -> dict[str, str]:
    if origin not in configuration.cors_origins:
        return {"Vary": "Origin"} if configuration.cors_origins else {}
    asked = "Authorization, Content-Type, Idempotency-Key, X-Amz-Date, X-Amz-Security-Token, X-Api-Key"
    allowed = {"Origin": str(origin), "Methods": "GET, POST", "Headers": asked}
    more = {"Access-Control-Expose-Headers": "X-Request-Id, Retry-After, Location", "Access-Control-Max-Age": "600"}
    return {"Vary": "Origin", **{f"Access-Control-Allow-{name}": value for name, value in allowed.items()}, **more}
