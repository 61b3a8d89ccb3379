"""Filter: from the model's prediction to a decision."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit

from signpost.routing.contracts import ImageRef, ModelRef, Prediction
from signpost.routing.decision import decide

logger, metrics, tracer = Logger(), Metrics(), Tracer(auto_patch=False)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda passes it, Powertools reads it
    """Answer the decision."""
    classifier = event["classifier"]
    decision = decide(
        decision_id=event["decision_id"],
        image=ImageRef.model_validate(event["image"]),
        classifier=classifier,
        prediction=Prediction.model_validate(event["prediction"]),
        model=ModelRef.model_validate(event["model"]),
        routes=event["routes"],
        thresholds=event["thresholds"],
        timings_ms=event["timings_ms"],
    )
    metrics.add_dimension("classifier", classifier)
    metrics.add_metric(f"Pictures{decision.outcome.title()}", MetricUnit.Count, 1)
    logger.info("decided", decision_id=decision.decision_id, outcome=decision.outcome, route=decision.route)
    return decision.model_dump(mode="json")
