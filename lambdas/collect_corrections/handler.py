"""CollectCorrections: joins corrections with their images and writes them as a channel of a training job."""

from __future__ import annotations

from functools import partial
from typing import Any

from aws_lambda_powertools import Logger, Tracer
from pydantic import BaseModel, ConfigDict

from signpost.aws import clients
from signpost.aws.files import Bucket
from signpost.capture.corrected_images import CorrectedSources
from signpost.capture.corrected_set import write_corrected_set
from signpost.capture.originals import originals
from signpost.routing.prefixes import CAPTURE
from signpost.settings.endpoint import classifier_of_endpoint
from signpost.settings.limits import LimitSettings

logger, tracer = Logger(), Tracer(auto_patch=False)
s3 = clients.client("s3", read_timeout=60)


class Request(BaseModel):
    """The input of the function.

    Attributes
    ----------
    classifier : str
        Whose corrections are wanted.
    classifiers : list of str
        All classifiers of the app.
    to : str
        Prefix in the bucket of models. It gets a file even if there are no corrections: SageMaker refuses a channel
        that is empty.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    app: str
    classifier: str
    classifiers: list[str]
    captured_bucket: str
    decisions_bucket: str
    models_bucket: str
    to: str
    limits: LimitSettings


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: Any) -> dict[str, int]:  # noqa: ARG001 - Lambda passes it, Powertools reads it
    """Return how many images there are, and how many corrections can't be used."""
    request = Request.model_validate(event)
    sources = CorrectedSources(
        captured=Bucket(s3, request.captured_bucket),
        prefix=CAPTURE,
        has_endpoint=partial(_is_of, request),
        decisions=Bucket(s3, request.decisions_bucket),
        originals=originals(s3, request.limits.as_limits()),
        classifier=request.classifier,
    )
    joined = write_corrected_set(sources, Bucket(s3, request.models_bucket), request.to)
    counts = {"images": joined.images, "conflicts": joined.conflicts, "skipped": len(joined.skipped)}
    logger.info("collected the corrections", records=joined.records, counts=counts)
    return counts


def _is_of(request: Request, endpoint: str) -> bool:
    return classifier_of_endpoint(request.app, request.classifiers, endpoint) == request.classifier
