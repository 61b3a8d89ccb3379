"""Evaluate: figures of the trained model and of the one in production, on the job's untouched test pictures."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Tracer

from lambdas.evaluate.compare import compare
from signpost.aws import clients

logger, tracer = Logger(), Tracer(auto_patch=False)
s3 = clients.client("s3", read_timeout=60)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda passes it, Powertools reads it
    """Answer the figures that the gate looks at."""
    report = compare(s3, event["model"], event["output"], event.get("production"), event["labels"])
    logger.info("measured", model=report["model"], accuracy=report["candidate"]["accuracy"])
    return report
