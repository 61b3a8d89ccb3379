"""Brings the shared index up to date, as far as it comes in one call; the page asks again while somebody looks."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger, Tracer

from lambdas.review.sources import shared_index, sources
from review.deployed.shared_index import bring_up_to_date
from signpost.settings.lambda_config import ReviewIndexConfiguration, read_configuration

# Less than the time between two calls, so that there are seldom two at once; of two, one's work is lost.
_SECONDS = 25.0
logger, tracer = Logger(), Tracer(auto_patch=False)
configuration = read_configuration(ReviewIndexConfiguration)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: Any) -> None:  # noqa: ARG001 - Lambda passes both, Powertools reads one
    """Read for a while."""
    with tempfile.TemporaryDirectory() as folder:
        state = bring_up_to_date(shared_index(configuration), sources(configuration), Path(folder), _SECONDS)
    logger.info("indexed", whole=state.whole, done=state.done, total=state.total)
