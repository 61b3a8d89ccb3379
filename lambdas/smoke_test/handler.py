"""SmokeTest: whether an updated endpoint says of a known picture what the package itself says."""

from __future__ import annotations

from functools import partial
from typing import Any

from aws_lambda_powertools import Logger, Tracer

from lambdas.classify import async_endpoint, endpoint
from lambdas.smoke_test.known_picture import Ask, smoke_test
from signpost.aws import clients
from signpost.settings.hosting import Hosting

logger, tracer = Logger(), Tracer(auto_patch=False)
s3 = clients.client("s3", read_timeout=60)
# The state machine retries, visibly.
runtime = clients.client("sagemaker-runtime", read_timeout=60, attempts=1)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda passes it, Powertools reads it
    """Answer what the endpoint said, or fail."""
    answered = smoke_test(s3, event["model"], event["output"], event["version"], _ask(event))
    logger.info("the endpoint answers as it should", endpoint=event["endpoint"], version=answered["version"])
    return answered


def _ask(event: dict[str, Any]) -> Ask:
    name, inference_id = event["endpoint"], event["job"]
    if event["hosting"] == Hosting.ASYNC:
        ask = partial(async_endpoint.ask, runtime, s3, name, event["scratch_bucket"])
    else:
        ask = partial(endpoint.ask, runtime, name)
    return lambda png: ask(png, inference_id)
