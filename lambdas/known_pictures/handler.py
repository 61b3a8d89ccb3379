"""KnownPictures: watches an endpoint that is being updated; its metric rings the alarm that rolls the update back."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger, Tracer

from lambdas.classify import endpoint
from lambdas.known_pictures.watch import watch
from signpost.aws import clients
from signpost.model.known_pictures import DIMENSION, METRIC, read_known_pictures

# A function has 15 minutes. New instances take about 5 to start, and then are baked.
WATCH_SECONDS = 840
PAUSE_SECONDS = 2

logger, tracer = Logger(), Tracer(auto_patch=False)
runtime = clients.client("sagemaker-runtime", attempts=1)
sagemaker, cloudwatch = clients.client("sagemaker"), clients.client("cloudwatch")
pictures = read_known_pictures(Path(__file__).parents[2])


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda passes it, Powertools reads it
    """Answer how many pictures the worst round got wrong."""
    name = event["detail"]["EndpointName"]
    worst = watch(
        pictures,
        lambda png: endpoint.ask(runtime, name, png, "known-picture"),
        partial(_report, name),
        lambda: sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] == "Updating",
        seconds=WATCH_SECONDS,
        pause=PAUSE_SECONDS,
    )
    return {"endpoint": name, "pictures": len(pictures), "wrong": worst}


def _report(name: str, wrong: list[str]) -> None:
    if wrong:
        logger.warning("known pictures were answered wrongly", endpoint=name, wrong=wrong)
    datum = {"MetricName": METRIC, "Dimensions": [{"Name": DIMENSION, "Value": name}], "Value": len(wrong)}
    cloudwatch.put_metric_data(Namespace=os.environ["POWERTOOLS_METRICS_NAMESPACE"], MetricData=[datum])
