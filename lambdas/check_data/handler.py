"""CheckData: makes sure that the archives to train on are in S3, before anything is paid for."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Tracer

from lambdas.check_data.archives import find
from signpost.aws import clients

logger, tracer = Logger(), Tracer(auto_patch=False)
s3 = clients.client("s3")


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda passes it, Powertools reads it
    """Answer which archives there are, and their fingerprint."""
    found = find(s3, event["bucket"], event["prefix"], event["archives"])
    logger.info("found the archives", fingerprint=found["fingerprint"], bytes=found["bytes"])
    return found
