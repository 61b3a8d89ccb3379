"""The table ``[review]`` of ``signpost.toml``."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class ReviewSettings(BaseModel):
    """Where people review.

    Attributes
    ----------
    deployed : bool
        Whether the review page is deployed too, for people who sign in; ``signpost review`` works without.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    deployed: bool = False
