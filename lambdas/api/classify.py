"""The fast path: a picture in, its decision out."""

from __future__ import annotations

import hashlib
import json

from botocore.exceptions import ReadTimeoutError

from lambdas.api.body import read_picture
from lambdas.api.caller import owner_of
from lambdas.api.http import Reply, Request
from lambdas.api.receipts import name_decision
from lambdas.api.services import Services
from lambdas.serialize.fetch import Stored
from lambdas.serialize.serialize import answer
from signpost.errors import RequestError
from signpost.routing.contracts import ImageRef
from signpost.routing.events import SERIALIZED, Asked
from signpost.routing.object_keys import posted_key


def classify(request: Request, services: Services) -> Reply:
    """Answer the decision of the picture in a request.

    The function prepares the picture itself, so that the machine needs no Serialize.

    Parameters
    ----------
    request : Request
        ``POST /classify/{classifier}``.
    services : Services
        What it works with.

    Returns
    -------
    Reply
        The machine's output, untouched.

    Raises
    ------
    RequestError
        See `lambdas.api.body.read_picture` and `lambdas.api.receipts`; ``unknown_classifier``, ``not_decided_yet`` or
        ``unavailable``.
    """
    classifier = services.known_classifier(request.parameters["classifier"])
    picture = read_picture(request)
    owner = owner_of(request.context, services.configuration.clients)
    name = name_decision(owner, request.headers.get("idempotency-key"))
    digest = hashlib.sha256(picture).hexdigest()
    decision = services.receipts.write(name, owner, f"{classifier} {digest}")
    if decision is None:
        stored = _keep(picture, digest, name, services)
        asked = Asked(stored.image.bucket, stored.image.key, stored.image.version_id, classifier)
        decision = _run(name, answer(asked, services.configuration, services.s3, lambda _: stored), services)
    return Reply(200, decision, name)


def _keep(picture: bytes, digest: str, name: str, services: Services) -> Stored:
    bucket, key = services.configuration.incoming_bucket, posted_key(name)
    put = services.s3.put_object(Bucket=bucket, Key=key, Body=picture)
    image = ImageRef(bucket=bucket, key=key, version_id=put.get("VersionId"), sha256=digest)
    return Stored(image, image.version_id or put["ETag"], picture, len(picture))


def _run(name: str, serialized: dict, services: Services) -> str:
    machine = services.configuration.routing_machine
    try:
        ended = services.machines.start_sync_execution(
            stateMachineArn=machine, input=json.dumps({SERIALIZED: serialized})
        )
    except ReadTimeoutError as error:
        raise RequestError(
            "not_decided_yet", f"The picture is still looked at. Ask GET /decisions/{name} for its decision.", name
        ) from error
    if ended["status"] != "SUCCEEDED":
        services.logger.error("not decided", decision_id=name, error=ended.get("error"), cause=ended.get("cause"))
        raise RequestError(
            "unavailable",
            "The model gave no answer. The picture is kept, to be looked at later: ask again with the same"
            f" Idempotency-Key, or GET /decisions/{name}.",
            name,
        )
    return ended["output"]
