"""The table ``[api]`` of ``signpost.toml``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from signpost.settings.types import Different, Origin


class ApiSettings(BaseModel):
    """Who may call the API, and how much.

    Attributes
    ----------
    authorisation : {"iam", "cognito"}
        Requests signed with AWS credentials, or tokens of a Cognito user pool.
    cors_origins : list of str
        Web pages that may call it, such as ``https://example.com``; none by default.
    requests_per_second, burst : int
        Of all callers together; above them API Gateway answers 429.
    requests_per_day : int or None
        A quota for each API key; each request then has to name one in ``X-Api-Key``, beside its authorisation. None
        asks for no key.
    firewall : bool
        AWS WAF in front of it: the managed rules, and the next limit.
    requests_per_address : int
        Of one IP address in five minutes, before the firewall answers 429.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    authorisation: Literal["iam", "cognito"] = "iam"
    cors_origins: Annotated[list[Origin], Different] = Field(default_factory=list)
    requests_per_second: int = Field(default=50, ge=1, le=10_000)
    burst: int = Field(default=100, ge=1, le=5_000)
    requests_per_day: int | None = Field(default=None, ge=1)
    firewall: bool = True
    requests_per_address: int = Field(default=2000, ge=10, le=2_000_000_000)
