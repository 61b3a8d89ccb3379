"""Routes uploads from the queue, as many at a time as Lambda takes messages from it."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Tracer

from lambdas.uploads.route import route
from signpost.aws import clients
from signpost.settings.lambda_config import UploadsConfiguration, read_configuration

# Longer than an execution of the machine may take.
_WAIT_SECONDS = 295
logger, tracer = Logger(), Tracer(auto_patch=False)
configuration = read_configuration(UploadsConfiguration)
machines = clients.client("stepfunctions", read_timeout=_WAIT_SECONDS, attempts=1)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: Any) -> None:  # noqa: ARG001 - Lambda passes it, Powertools reads it
    """Route one upload; the mapping sends one message at a time."""
    for record in event["Records"]:
        route(record["body"], configuration.routing_machine, machines, logger)
