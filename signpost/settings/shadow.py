"""``[classifiers.<name>.shadow]``: a candidate that gets copies of requests and answers nobody."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class ShadowSettings(BaseModel):
    """A model in the shadow of the one in production.

    Attributes
    ----------
    model : Path
        Folder of its package.
    percent : int
        Share of the requests that it gets a copy of.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: Path
    percent: int = Field(default=100, ge=1, le=100)
