"""``[limits]``: what a picture may cost."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from signpost.images.formats import DEFAULT_FORMATS
from signpost.images.limits import Limits


class LimitSettings(BaseModel):
    """What an image may cost, and its formats; see `signpost.images.limits.Limits`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_bytes: int = Field(default=Limits.max_bytes, gt=0, le=100 * 2**20)
    max_pixels: int = Field(default=Limits.max_pixels, gt=0, le=200_000_000)
    formats: tuple[Literal["jpeg", "png", "webp", "avif", "heic"], ...] = Field(default=DEFAULT_FORMATS, min_length=1)

    def as_limits(self) -> Limits:
        """Return the limits as imaging takes them."""
        return Limits(self.max_bytes, self.max_pixels, self.formats)
