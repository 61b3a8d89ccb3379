"""JSON requests: ``{"instances": [{"b64": "…"}, …]}``."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from serving.errors import RequestError
from signpost.validation import explain

MAX_INSTANCES = 32


class _Instance(BaseModel):
    model_config = ConfigDict(extra="forbid")

    b64: str


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")

    instances: list[_Instance] = Field(min_length=1, max_length=MAX_INSTANCES)
    parameters: dict[str, Any] | None = None  # Vertex AI's clients may send it; the model has none


def read_instances(body: bytes) -> list[bytes]:
    """Read the pictures of a JSON request.

    Parameters
    ----------
    body : bytes
        The JSON.

    Returns
    -------
    list of bytes
        The files, in order; at most `MAX_INSTANCES`.

    Raises
    ------
    RequestError
        400, naming the key and what is wrong with it.
    """
    try:
        request = _Request.model_validate_json(body)
    except ValidationError as error:
        faults = explain(error.errors(include_input=False))
        raise RequestError(
            400, "invalid_request", f'{faults}. Expected is {{"instances": [{{"b64": "…"}}, …]}}.'
        ) from None
    return [_decode(instance.b64, index) for index, instance in enumerate(request.instances)]


def _decode(text: str, index: int) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise RequestError(400, "invalid_base64", f"instances[{index}].b64 is not valid base64.") from None
