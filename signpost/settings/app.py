"""The table ``[app]`` of ``signpost.toml``, and which names AWS allows."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from signpost.settings.types import BucketName, Different, Name

# https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-assign-domain-prefix.html
_NOT_IN_A_DOMAIN = ("aws", "amazon", "cognito")
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_NO_BUCKET_STARTS_WITH = ("xn--", "sthree-", "amzn-s3-demo-")


class AppSettings(BaseModel):
    """What holds for the whole app.

    Attributes
    ----------
    name : str
        Start of the names of stacks, buckets, functions, queues and of the sign-in page's address.
    default_classifier : str
        For images whose request or key names no classifier.
    source_buckets : list of str
        Further buckets whose images may be routed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name = "signpost"
    default_classifier: Name
    source_buckets: Annotated[list[BucketName], Different] = Field(default_factory=list)

    @model_validator(mode="after")
    def _name_is_allowed(self) -> AppSettings:
        if found := [word for word in _NOT_IN_A_DOMAIN if word in self.name]:
            raise ValueError(
                f"the name {self.name!r} contains {found[0]!r}, which Cognito does not allow in the address of a "
                f"sign-in page; allowed are names without {', '.join(_NOT_IN_A_DOMAIN)}"
            )
        if self.name.startswith(_NO_BUCKET_STARTS_WITH):
            raise ValueError(
                f"the names of buckets would start with {self.name!r}, and S3 reserves the prefixes "
                f"{', '.join(_NO_BUCKET_STARTS_WITH)}; allowed are names that start differently"
            )
        return self
