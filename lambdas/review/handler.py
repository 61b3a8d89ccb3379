"""The review page: API Gateway's events in, pages out."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger, Tracer
from mangum import Mangum

from lambdas.review.sources import shared_index, sources
from review.deployed.application import make_deployed
from review.deployed.copy import Copy, asks
from review.deployed.identity import Identity
from review.deployed.sessions import Sessions
from review.index import Index
from review.security import HEADERS
from signpost.aws import clients
from signpost.settings.lambda_config import ReviewConfiguration, read_configuration

# Lambda answers 6 MiB at most; only a CSV can have more.
# (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html)
_MAX_CHARACTERS = 5_500_000
_TOO_LONG = {
    "statusCode": 413,
    "headers": {**HEADERS, "content-type": "text/plain; charset=utf-8"},
    "body": "There is more than the deployed page can send at once: choose fewer, or use `signpost review --aws`.",
    "isBase64Encoded": False,
}
logger, tracer = Logger(), Tracer(auto_patch=False)
configuration = read_configuration(ReviewConfiguration)


def _adapter() -> Mangum:
    secret = clients.client("secretsmanager").get_secret_value(SecretId=configuration.secret)["SecretString"]
    copy = Copy(
        Index(Path(tempfile.mkdtemp()) / "index.sqlite"),
        shared_index(configuration),
        sources(configuration),
        asks(clients.client("lambda"), configuration.index_function),
    )
    identity = Identity(configuration.provider, configuration.address)
    return Mangum(make_deployed(copy, identity, Sessions(secret.encode(), configuration.address)), lifespan="off")


adapter = _adapter()


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer a request of API Gateway's."""
    answer = adapter(event, context)
    if len(answer["body"]) > _MAX_CHARACTERS:
        answer = _TOO_LONG
    request = event["requestContext"]["requestId"]
    logger.info("answered", request_id=request, method=event["httpMethod"], status=answer["statusCode"])
    return answer
