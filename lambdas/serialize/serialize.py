"""From an event to the pixels that the model eats, or to a rejection."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable
from typing import Any

from lambdas.serialize.fetch import Stored, fetch
from signpost.errors import PictureError
from signpost.images.prepare import check_size, encode_png, prepare
from signpost.routing.contracts import ImageRef, Reason, RoutingRequest, decision_id
from signpost.routing.decision import reject
from signpost.routing.events import Asked, check, read_event
from signpost.routing.object_keys import given_id
from signpost.routing.prefixes import PREPARED
from signpost.settings.lambda_config import SerializeConfiguration

# A state may hold 256 KiB, and exceeding that can't be caught: 180 KB of base64 leave room for everything else.
MAX_INLINE_BYTES = 180_000 * 3 // 4


def serialize(event: Any, configuration: SerializeConfiguration, s3: Any) -> dict[str, Any]:
    """Prepare the picture that an event names.

    Parameters
    ----------
    event : Any
        See `signpost.routing.events.read_event`.
    configuration : SerializeConfiguration
        Allowed classifiers, buckets and sizes.
    s3 : botocore.client.S3
        The client.

    Returns
    -------
    dict
        ``decision_id``, ``classifier``, ``image``, ``timings_ms``, and either ``prepared`` or ``decision`` (a
        rejection); the other is None.
    """
    asked = read_event(event, configuration.default_classifier)
    return answer(asked, configuration, s3, lambda request: fetch(s3, request, configuration.limits.max_bytes))


def answer(
    asked: Asked, configuration: SerializeConfiguration, s3: Any, obtain: Callable[[RoutingRequest], Stored]
) -> dict[str, Any]:
    """Prepare a picture, wherever it comes from.

    Parameters
    ----------
    asked : Asked
        Which picture, and whom to ask.
    configuration, s3
        See `serialize`.
    obtain : callable
        Gives the picture of a checked request.

    Returns
    -------
    dict
        See `serialize`.
    """
    started = time.perf_counter()
    image = ImageRef(bucket=asked.bucket, key=asked.key, version_id=asked.version_id)
    identity = asked.version_id
    prepared = rejection = None
    try:
        request = check(asked)
        _check_allowed(request, configuration)
        stored = obtain(request)
        image, identity = stored.image, stored.identity
        check_size(stored.size, configuration.limits.as_limits())
        png = _prepare(stored.data, request.classifier, configuration)
        prepared = _carry(png, configuration.scratch_bucket, s3)
    except PictureError as error:
        rejection = Reason(code=error.code, message=error.message)
    code = rejection.code if rejection else None
    name = _given(asked, configuration) or decision_id(image.bucket, image.key, identity, asked.classifier, code)
    return {
        "decision_id": name,
        "classifier": asked.classifier,
        "image": image.model_dump(),
        "prepared": prepared,
        "decision": _rejected(name, image, asked.classifier, rejection) if rejection else None,
        "timings_ms": {"serialize": round(1000 * (time.perf_counter() - started), 1)},
    }


def _given(asked: Asked, configuration: SerializeConfiguration) -> str | None:
    """Return the id that the API gave: it writes into the app's own bucket, and elsewhere such keys mean nothing."""
    if not asked.key or asked.bucket != configuration.incoming_bucket:
        return None
    return given_id(asked.key, asked.classifier)


def _check_allowed(request: RoutingRequest, configuration: SerializeConfiguration) -> None:
    names = ", ".join(configuration.inputs)
    if request.classifier in configuration.switched_off:
        raise PictureError(
            "classifier_off", f"The classifier {request.classifier} has no model yet; allowed are {names}."
        )
    if request.classifier not in configuration.inputs:
        raise PictureError("unknown_classifier", f"There is no classifier {request.classifier!r}; allowed are {names}.")
    if request.s3_bucket not in configuration.buckets:
        raise PictureError(
            "bucket_not_allowed",
            f"Pictures from the bucket {request.s3_bucket} are not routed; allowed are"
            f" {', '.join(configuration.buckets)}. Add it to source_buckets in signpost.toml.",
        )


def _prepare(data: bytes, classifier: str, configuration: SerializeConfiguration) -> bytes:
    size = configuration.inputs[classifier]
    return encode_png(prepare(data, size.width, size.height, configuration.limits.as_limits()))


def _carry(png: bytes, scratch_bucket: str, s3: Any) -> dict[str, str]:
    """Send the prepared picture along inline, or by reference where it is too large for the state."""
    if len(png) <= MAX_INLINE_BYTES:
        return {"inline": base64.b64encode(png).decode()}
    key = f"{PREPARED}{hashlib.sha256(png).hexdigest()}.png"
    s3.put_object(Bucket=scratch_bucket, Key=key, Body=png, ContentType="image/png")
    return {"s3_bucket": scratch_bucket, "s3_key": key}


def _rejected(name: str, image: ImageRef, classifier: str | None, reason: Reason) -> dict[str, Any]:
    decision = reject(decision_id=name, image=image, classifier=classifier, reason=reason)
    return decision.model_dump(mode="json")
