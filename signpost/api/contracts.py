"""What the API takes and answers, beside the decision itself."""

from __future__ import annotations

import base64
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema

from signpost.routing.contracts import Contract
from signpost.routing.object_keys import UUID

# Lambda takes 6 MiB a call, and API Gateway hands it a picture in base64, with the headers twice: this leaves 290 KB
# for them. (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html)
MAX_ENCODED_BYTES = 6_000_000
MAX_PICTURE_BYTES = MAX_ENCODED_BYTES * 3 // 4
UPLOAD_SECONDS = 900
# Of API Gateway: the first part of every path.
STAGE = "v1"
# Method and path of every operation; API Gateway, the function and the document have no others.
ROUTES = {
    "classify": ("POST", "/classify/{classifier}"),
    "upload": ("POST", "/uploads"),
    "decision": ("GET", "/decisions/{decision_id}"),
    "classifiers": ("GET", "/classifiers"),
    "health": ("GET", "/health"),
    "document": ("GET", "/openapi.json"),
    "page": ("GET", "/docs"),
    "page_file": ("GET", "/docs/{file}"),
}
# Answered to everybody: nothing in them is anybody's.
OPEN = ("health", "document", "page", "page_file")
DecisionId = Annotated[str, StringConstraints(pattern=f"^{UUID}$")]
# Those of `signpost.images.formats`, which a type can't be made from.
PictureType = Literal[
    "image/jpeg",
    "image/png",
    "image/webp",
    "image/avif",
    "image/heic",
    "image/heif",
    "image/jpg",
    "application/octet-stream",
    "application/x-image",
]
_BASE64 = "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$"


def _decode(text: object) -> bytes:
    if not isinstance(text, str):
        raise ValueError("it is no text")
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise ValueError("it is no base64") from None


Base64 = Annotated[
    bytes,
    BeforeValidator(_decode, json_schema_input_type=str),
    Field(min_length=1),
    WithJsonSchema({"type": "string", "pattern": _BASE64, "contentEncoding": "base64"}),
]


class PictureInJson(Contract):
    """A picture in JSON.

    Attributes
    ----------
    image : bytes
        The file, in base64.
    """

    image: Base64


class ClassifierInfo(Contract):
    """A classifier that can be asked.

    Attributes
    ----------
    routes : dict of str to list of str
        Labels of every route.
    """

    name: str
    default: bool
    routes: dict[str, list[str]]


class Classifiers(Contract):
    """All of them."""

    classifiers: list[ClassifierInfo]


class UploadRequest(Contract):
    """Asks for a form to upload a picture with.

    Attributes
    ----------
    classifier : str
        Who shall be asked.
    content_type : str
        Of the picture; the upload has to name the same.
    """

    classifier: str = Field(min_length=1, max_length=64)
    content_type: PictureType


class Form(Contract):
    """A form as a browser would send it: POST ``multipart/form-data``, the fields first, the field ``file`` last."""

    url: str
    fields: dict[str, str]


class Upload(Contract):
    """Where to upload a picture, and where its decision will be.

    Attributes
    ----------
    upload : Form
        Takes one picture of at most ``max_bytes``.
    expires_in : int
        Seconds for which the form is good.
    decision : str
        Where to ask for the decision, relative to the API.
    """

    decision_id: DecisionId
    upload: Form
    max_bytes: int
    expires_in: int
    decision: str


class Pending(Contract):
    """A picture that has no decision yet.

    It is still ``expected``, or ``in_progress``, or ``waiting``: for an instance of its endpoint, for its turn in the
    endpoint's queue or, after a fault, for a redrive.
    """

    decision_id: DecisionId
    status: Literal["expected", "in_progress", "waiting"]


class Health(Contract):
    """The API is there."""

    status: Literal["ok"]
