"""The input of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from signpost.errors import BadBatch
from signpost.routing.events import LONGEST_KEY, LONGEST_NAME, usable_text
from signpost.routing.manifests import Reference

_LONGEST = {"prefix": LONGEST_KEY, "manifest": LONGEST_KEY, "bucket": LONGEST_KEY, "classifier": LONGEST_NAME}
_ALLOWED = (
    'allowed is {"prefix": "…"}, {"manifest": "key of a manifest"} or {"whole_bucket": true}, '
    'with "bucket" and "classifier" optional'
)


@dataclass(frozen=True)
class BatchRequest:
    """The images that a batch is to route.

    Attributes
    ----------
    bucket : str
        Bucket of the prefix or the manifest, and of images whose item names none.
    prefix, manifest : str or None
        One of them: what the images' keys start with, or the key of a manifest.
    classifier : str or None
        For images whose item names none; None for the classifier that their key names, else the default.
    """

    bucket: str
    prefix: str | None
    manifest: str | None
    classifier: str | None

    def completed(self, item: Reference) -> Reference:
        """Return an item with the batch's bucket and classifier where it has none of its own."""
        named = {"classifier": self.classifier} if self.classifier else {}
        return {"s3_bucket": self.bucket, **named, **item}


def read_request(event: Any, buckets: Sequence[str]) -> BatchRequest:
    """Read the input of a batch.

    Parameters
    ----------
    event : Any
        ``{"prefix"}``, ``{"manifest"}`` or ``{"whole_bucket": true}``, with ``bucket`` and ``classifier`` optional.
    buckets : sequence of str
        Allowed buckets, the default first.

    Returns
    -------
    BatchRequest

    Raises
    ------
    BadBatch
        If it is anything else.
    """
    if not isinstance(event, dict):
        raise BadBatch(f"The input is no object; {_ALLOWED}.")
    if unknown := set(event) - {*_LONGEST, "whole_bucket"}:
        raise BadBatch(f"The input has {', '.join(sorted(unknown))}; {_ALLOWED}.")
    # An empty prefix is every object of the bucket, which is more often a mistake than meant.
    given = {name: value for name, value in event.items() if value is not None and (name, value) != ("prefix", "")}
    whole = given.pop("whole_bucket", False)
    for name, value in given.items():
        if not usable_text(value, _LONGEST[name]):
            raise BadBatch(f"{name} is no usable text; {_ALLOWED}.")
    if [whole is True, "prefix" in given, "manifest" in given].count(True) != 1 or not isinstance(whole, bool):
        raise BadBatch(f"The input names no images, or names them twice; {_ALLOWED}.")
    request = BatchRequest(**{"bucket": buckets[0], "prefix": None, "manifest": None, "classifier": None} | given)
    if request.bucket not in buckets:
        raise BadBatch(
            f"Images of the bucket {request.bucket} are not routed; allowed are {', '.join(buckets)}. "
            "Add it to source_buckets in signpost.toml."
        )
    return request
