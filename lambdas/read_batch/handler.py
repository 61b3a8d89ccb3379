"""ReadBatch: finds the images of a batch, from a prefix or a manifest."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Tracer

from lambdas.read_batch.read_batch import read_batch
from signpost.aws import clients
from signpost.settings.lambda_config import BatchConfiguration, read_configuration

logger, tracer = Logger(), Tracer(auto_patch=False)
configuration = read_configuration(BatchConfiguration)
s3 = clients.client("s3")


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda passes it, Powertools reads it
    """Return where the list of images is, and how many it has."""
    found = read_batch(event["batch"], event["execution"], configuration, s3)
    logger.info("read the batch", **found)
    return found
