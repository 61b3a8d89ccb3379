"""Serialize: fetches a picture, checks it and prepares the model's input."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit

from lambdas.serialize.serialize import serialize
from signpost.aws import clients
from signpost.settings.lambda_config import SerializeConfiguration, read_configuration

logger, metrics, tracer = Logger(), Metrics(), Tracer(auto_patch=False)
configuration = read_configuration(SerializeConfiguration)
s3 = clients.client("s3")


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def handler(event: Any, context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda passes it, Powertools reads it
    """Answer what `lambdas.serialize.serialize.serialize` finds."""
    result = serialize(event, configuration, s3)
    decision = result["decision"]
    if decision:
        metrics.add_metric("PicturesRejected", MetricUnit.Count, 1)
    reason = decision["reason"]["code"] if decision else None
    logger.debug("serialized", decision_id=result["decision_id"], classifier=result["classifier"], rejected=reason)
    return result
