"""Larger pictures: a form to upload one, and its decision when there is one."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Mapping
from typing import Literal

from pydantic import ValidationError

from lambdas.api.body import JSON, malformed
from lambdas.api.caller import owner_of
from lambdas.api.http import Reply, Request, reply
from lambdas.api.services import Services
from signpost.api.contracts import UPLOAD_SECONDS, Form, Pending, Upload, UploadRequest
from signpost.errors import RequestError
from signpost.routing.object_keys import UUID, expected_key


def upload(request: Request, services: Services) -> Reply:
    """Answer a form that takes one picture of the size and type that it was asked for.

    Raises
    ------
    RequestError
        ``unsupported_media_type``, ``malformed_request`` or ``unknown_classifier``.
    """
    if request.media_type != JSON:
        raise RequestError("unsupported_media_type", f"Ask for a form with {JSON}.")
    try:
        asked = UploadRequest.model_validate_json(request.body)
    except ValidationError as error:
        raise malformed(error) from error
    classifier = services.known_classifier(asked.classifier)
    configuration = services.configuration
    name = str(uuid.uuid4())
    services.receipts.write(name, owner_of(request.context, configuration.clients), classifier)
    form = services.s3.generate_presigned_post(
        Bucket=configuration.incoming_bucket,
        Key=expected_key(classifier, name),
        Fields={"Content-Type": asked.content_type},
        Conditions=[
            {"Content-Type": asked.content_type},
            ["content-length-range", 1, configuration.limits.max_bytes],
        ],
        ExpiresIn=UPLOAD_SECONDS,
    )
    answer = Upload(
        decision_id=name,
        upload=Form(**form),
        max_bytes=configuration.limits.max_bytes,
        expires_in=UPLOAD_SECONDS,
        decision=f"decisions/{name}",
    )
    return reply(201, answer, name, Location=answer.decision)


def decision(request: Request, services: Services) -> Reply:
    """Answer a decision, or that there is none yet.

    Raises
    ------
    RequestError
        ``not_found`` where it is nobody's, another's, or no id at all: who asks shall not learn which.
    """
    name = request.parameters["decision_id"]
    owner = owner_of(request.context, services.configuration.clients)
    found = services.receipts.find(name, owner) if re.fullmatch(UUID, name) else None
    if not found:
        raise RequestError("not_found", "You have asked for no decision with this id in the last 90 days.")
    if "decision" in found:
        return Reply(200, found["decision"], name)
    status, seconds = _progress(found)
    return reply(202, Pending(decision_id=name, status=status), name, **{"Retry-After": str(seconds)})


def _progress(found: Mapping[str, str]) -> tuple[Literal["expected", "in_progress", "waiting"], int]:
    """Say what becomes of a picture without a decision, and in how many seconds to ask again."""
    if "status" not in found:
        return "expected", 1
    # An execution that fails gives its lease back; one that vanishes keeps it to its end.
    return ("in_progress", 1) if float(found["lease_until"]) > time.time() else ("waiting", 60)
