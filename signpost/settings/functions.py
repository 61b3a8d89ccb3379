"""The table ``[functions]`` of ``signpost.toml``: memory and concurrency of the functions that route images."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, model_validator


class FunctionSettings(BaseModel):
    """One function.

    Attributes
    ----------
    memory_mb : int or None
        None is what the function needs for the images that the limits allow.
    reserved_concurrency : int or None
        Executions that are kept for this function, and that it never exceeds. AWS leaves at least 100 of an account
        unreserved, so a new account, which has 10 in all, can reserve none.
    provisioned_concurrency : int or None
        Executions that are started before they are needed.
    max_provisioned_concurrency : int or None
        Up to how many, as their use grows; None is no more than ``provisioned_concurrency``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    memory_mb: int | None = Field(default=None, ge=128, le=10_240)
    reserved_concurrency: int | None = Field(default=None, ge=1, le=10_000)
    provisioned_concurrency: int | None = Field(default=None, ge=1, le=10_000)
    max_provisioned_concurrency: int | None = Field(default=None, ge=1, le=10_000)

    @model_validator(mode="after")
    def _in_order(self) -> FunctionSettings:
        least, most = self.provisioned_concurrency, self.max_provisioned_concurrency
        if most and (not least or most < least):
            raise ValueError(
                f"max_provisioned_concurrency ({most}) needs a provisioned_concurrency of at most that; allowed are "
                "both, or provisioned_concurrency alone"
            )
        if least and self.reserved_concurrency and (most or least) > self.reserved_concurrency:
            raise ValueError(
                f"provisioned concurrency of up to {most or least} is above reserved_concurrency "
                f"({self.reserved_concurrency}); allowed is at most that"
            )
        return self


AS_NEEDED = FunctionSettings()


class FunctionsSettings(BaseModel):
    """All functions that route images.

    Attributes
    ----------
    uploads_at_once : int or None
        Uploads that are routed at a time; the others wait in a queue. Each takes up to two executions of functions.
        None starts the routing of each upload at once.
    serialize, classify, filter, api : FunctionSettings
        By function; each classifier has a Classify of these sizes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    # The range of an event source mapping's MaximumConcurrency.
    uploads_at_once: int | None = Field(default=None, ge=2, le=1000)
    serialize: FunctionSettings = AS_NEEDED
    classify: FunctionSettings = AS_NEEDED
    filter: FunctionSettings = AS_NEEDED
    api: FunctionSettings = AS_NEEDED
