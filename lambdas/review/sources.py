"""Where records, decisions, corrections and the shared index lie, for the functions of the review page."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from review.deployed.shared_index import SharedIndex
from review.sync import Sources
from signpost.aws import clients
from signpost.aws.files import Bucket
from signpost.capture.originals import originals
from signpost.routing.prefixes import CAPTURE
from signpost.settings.deployed import read_settings
from signpost.settings.file import Settings
from signpost.settings.lambda_config import ReviewIndexConfiguration

_CODE = Path(__file__).parents[2]


def sources(configuration: ReviewIndexConfiguration) -> Sources:
    """Say what the index is made from."""
    settings, _ = _settings()
    captured, decisions = Bucket(_s3(), configuration.captured_bucket), Bucket(_s3(), configuration.decisions_bucket)
    return Sources(captured, CAPTURE, decisions, originals(_s3(), settings.limits.as_limits()), settings)


def shared_index(configuration: ReviewIndexConfiguration) -> SharedIndex:
    """Say where the index is."""
    return SharedIndex(Bucket(_s3(), configuration.decisions_bucket), _settings()[1])


@cache
def _s3() -> Any:
    return clients.client("s3")


@cache
def _settings() -> tuple[Settings, str]:
    return read_settings(_CODE)
