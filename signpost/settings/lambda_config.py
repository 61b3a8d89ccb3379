"""Configuration of the Lambda functions: a typed value, read from two places.

Values that only CloudFormation knows, such as the names of buckets, are in an environment variable; Lambda allows 4 KB
for all of them. The rest, which grows with classifiers and labels, is a file in the function's bundle.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from signpost.api.contracts import ClassifierInfo
from signpost.settings.hosting import Hosting
from signpost.settings.limits import LimitSettings

VARIABLE = "SIGNPOST_CONFIGURATION"
FILE = "configuration.json"
_BUNDLE = Path(__file__).parents[2]


class _Configuration(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class InputSize(_Configuration):
    """Input size of a classifier's network, in pixels."""

    width: int
    height: int


class SerializeConfiguration(_Configuration):
    """What Serialize needs to know.

    Attributes
    ----------
    inputs : dict of str to InputSize
        The hosted classifiers.
    switched_off : list of str
        Classifiers whose hosting is off.
    incoming_bucket : str
        The app's own, where those of the API go.
    source_buckets : list of str
        Further buckets whose images may be routed.
    scratch_bucket : str
        For prepared pictures too large to travel inline.
    """

    default_classifier: str
    inputs: dict[str, InputSize]
    switched_off: list[str]
    incoming_bucket: str
    source_buckets: list[str]
    scratch_bucket: str
    limits: LimitSettings

    @property
    def buckets(self) -> list[str]:
        """All buckets whose images may be routed."""
        return [self.incoming_bucket, *self.source_buckets]


class BatchConfiguration(_Configuration):
    """Configuration of the function that reads batches.

    Attributes
    ----------
    buckets : list of str
        Buckets that images and manifests may come from, the app's own first.
    decisions_bucket : str
        Bucket of the list that it writes.
    """

    buckets: list[str]
    decisions_bucket: str


class ClassifyConfiguration(_Configuration):
    """What one classifier's Classify needs to know.

    Attributes
    ----------
    endpoint : str or None
        Name of the endpoint; None where the predictor is in the function.
    scratch_bucket : str
        Where an asynchronous endpoint finds its input.
    """

    hosting: Hosting
    endpoint: str | None = None
    scratch_bucket: str


class UploadsConfiguration(_Configuration):
    """Configuration of the function that routes uploads from the queue.

    Attributes
    ----------
    routing_machine : str
        ARN of the machine that decides.
    """

    routing_machine: str


class ApiConfiguration(SerializeConfiguration):
    """What the API needs to know, beside how pictures are prepared.

    Attributes
    ----------
    table : str
        The table of decisions.
    routing_machine : str
        ARN of the machine that decides.
    classifiers : list of ClassifierInfo
        Those that can be asked.
    authorisation : {"iam", "cognito"}
        How callers are known.
    clients : list of str
        Clients of the user pool whose tokens are taken.
    cors_origins : list of str
        Web pages that may call.
    """

    table: str
    routing_machine: str
    classifiers: list[ClassifierInfo]
    authorisation: Literal["iam", "cognito"]
    clients: list[str]
    cors_origins: list[str]


class IdentityProvider(_Configuration):
    """Who says who a person is: a user pool, as OpenID Connect describes one.

    Attributes
    ----------
    issuer : str
        What its tokens name.
    client_id : str
        The application that tokens are made for.
    keys_url, authorize_url, token_url, logout_url : str
        Its addresses.
    """

    issuer: str
    client_id: str
    keys_url: str
    authorize_url: str
    token_url: str
    logout_url: str


class ReviewIndexConfiguration(_Configuration):
    """What the function that keeps the review page's index needs to know: the buckets."""

    captured_bucket: str
    decisions_bucket: str


class ReviewConfiguration(ReviewIndexConfiguration):
    """What the deployed review page needs to know.

    Attributes
    ----------
    address : str
        Of the page, with the stage's path and no slash at the end.
    provider : IdentityProvider
        Where people sign in.
    secret : str
        ARN of the secret that sessions and picture addresses are signed with.
    index_function : str
        Name of the function that keeps the index.
    """

    address: str
    provider: IdentityProvider
    secret: str
    index_function: str


T = TypeVar("T", bound=_Configuration)


def read_configuration(kind: type[T], bundle: Path = _BUNDLE) -> T:
    """Read this function's configuration from its bundle and its environment.

    Parameters
    ----------
    kind : type
        The configuration of the function.
    bundle : Path
        Folder of the unpacked bundle.

    Returns
    -------
    T
    """
    file = bundle / FILE
    known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return kind.model_validate(known | json.loads(os.environ.get(VARIABLE, "{}")))
