"""Takes the picture out of a request: the body itself, a file of a form, or base64 in JSON."""

from __future__ import annotations

import base64
from email.message import Message

from pydantic import ValidationError
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import File, FormParser

from lambdas.api.http import Request
from signpost.api.contracts import MAX_ENCODED_BYTES, MAX_PICTURE_BYTES, PictureInJson
from signpost.errors import RequestError
from signpost.images.formats import MEDIA_TYPES
from signpost.validation import explain

FORM, JSON = "multipart/form-data", "application/json"
_ALLOWED = f"allowed are {', '.join(MEDIA_TYPES)}, {FORM} with one file, and {JSON} with base64 in image"


def read_picture(request: Request) -> bytes:
    """Take the picture out of a request.

    Parameters
    ----------
    request : Request
        Any.

    Returns
    -------
    bytes
        As they were sent; what they are is told by their content, later.

    Raises
    ------
    RequestError
        ``empty_body``, ``too_large``, ``unsupported_media_type`` or ``malformed_request``.
    """
    encoding = request.headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity"):
        raise RequestError(
            "unsupported_media_type",
            f"The Content-Encoding {encoding[:60]!r} is not supported. Send the body as it is.",
        )
    kind = request.media_type
    if kind not in (*MEDIA_TYPES, FORM, JSON):
        raise RequestError("unsupported_media_type", f"The Content-Type is {kind or 'missing'}; {_ALLOWED}.")
    if len(request.body) > MAX_ENCODED_BYTES:
        raise RequestError(
            "too_large",
            f"The request has more than {MAX_PICTURE_BYTES:,} bytes, or {MAX_ENCODED_BYTES:,} in base64. Ask"
            " POST /uploads for a form that takes larger pictures.",
        )
    picture = _from_json(request.body) if kind == JSON else _decoded(request)
    if kind == FORM:
        picture = _from_form(picture, request.headers["content-type"])
    if not picture:
        raise RequestError("empty_body", f"The picture has 0 bytes; {_ALLOWED}.")
    return picture


def _decoded(request: Request) -> bytes:
    # API Gateway gives bytes as base64 where the content type is one of the API's binary types, and else mangles them.
    if request.body and not request.is_base64:
        raise RequestError("unsupported_media_type", f"The Content-Type can't be written so; {_ALLOWED}.")
    return base64.b64decode(request.body)


def _from_json(text: str) -> bytes:
    try:
        return PictureInJson.model_validate_json(text).image
    except ValidationError as error:
        raise malformed(error) from error


def _from_form(body: bytes, content_type: str) -> bytes:
    header = Message()
    header["content-type"] = content_type
    boundary = header.get_param("boundary")
    if not isinstance(boundary, str):
        raise RequestError("malformed_request", "The form's Content-Type names no boundary.")
    files: list[File] = []
    try:
        # In memory: a request is small.
        parser = FormParser(
            FORM, None, files.append, boundary=boundary, config={"MAX_MEMORY_FILE_SIZE": MAX_ENCODED_BYTES}
        )
        parser.write(body)
        parser.finalize()
    except (FormParserError, ValueError) as error:
        raise RequestError(
            "malformed_request", "The form is damaged: its parts are not multipart/form-data."
        ) from error
    if len(files) != 1:
        raise RequestError("malformed_request", f"The form has {len(files)} files; send exactly one.")
    files[0].file_object.seek(0)
    return files[0].file_object.read()


def malformed(error: ValidationError) -> RequestError:
    """Say what is wrong with JSON, without repeating what it holds."""
    return RequestError("malformed_request", f"The JSON is wrong: {explain(error.errors())}.")
