"""Classify: asks one classifier's model about a prepared picture."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit

from lambdas.classify.classify import Ask, classify
from signpost.aws import clients
from signpost.settings.hosting import Hosting
from signpost.settings.lambda_config import ClassifyConfiguration, read_configuration

logger, metrics, tracer = Logger(), Metrics(), Tracer(auto_patch=False)
configuration = read_configuration(ClassifyConfiguration)
# Made when first asked for: most prepared pictures travel inline.
s3 = cache(partial(clients.client, "s3"))


def _connect() -> Ask:
    """Import only what this function's hosting needs: import time is cold start."""
    if configuration.endpoint:
        # The state machine retries, visibly; a second layer of retries here would multiply the waiting.
        runtime = clients.client("sagemaker-runtime", attempts=1)
        if configuration.hosting is Hosting.ASYNC:
            from lambdas.classify import async_endpoint

            return partial(async_endpoint.ask_once, runtime, s3(), configuration.endpoint, configuration.scratch_bucket)
        from lambdas.classify import endpoint

        component = configuration.endpoint if configuration.hosting is Hosting.COMPONENTS else None
        return partial(endpoint.ask, runtime, configuration.endpoint, component=component)
    from lambdas.classify import local_model

    predictor = local_model.load(Path(__file__).parents[2] / "model")
    return lambda png, _: local_model.ask(predictor, png)


ask = _connect()


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda passes it, Powertools reads it
    """Answer the model's prediction."""
    result = classify(event, ask, s3)
    metrics.add_metric("InferenceTime", MetricUnit.Milliseconds, result["timings_ms"]["classify"])
    logger.debug("classified", decision_id=event["decision_id"], label=result["prediction"]["label"])
    return result
