"""Types of values in ``signpost.toml``, and what is said to be allowed where one does not fit."""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

_NAME = r"^[a-z]([a-z0-9-]{0,29}[a-z0-9])?$"
_BUCKET = r"^[a-z0-9]([a-z0-9-]|[.][a-z0-9]){1,61}[a-z0-9]?$"
_LABEL = r"^[\p{L}\p{N}][\p{L}\p{M}\p{N}_. -]{0,60}$"
_IMAGE = (
    r"^[a-z0-9][a-z0-9.-]*(:[0-9]+)?/[a-z0-9]+([._/-]+[a-z0-9]+)*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?"
    r"(@sha256:[0-9a-f]{64})?$"
)
_INSTANCE = r"^ml\.[a-z0-9-]+\.[a-z0-9]+$"
_ORIGIN = r"^https?://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$"
_ARCHIVE = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,120}$"
_PLAIN = r"^[^\p{C}]*$"

ALLOWED = {
    _NAME: "allowed are up to 31 lower-case letters, digits and hyphens, a letter first, no hyphen last",
    _BUCKET: "allowed is the name of an S3 bucket: 3 to 63 lower-case letters, digits, hyphens and dots",
    _LABEL: "allowed are up to 61 letters and digits of any script, spaces, hyphens, underscores and dots, "
    "a letter or digit first",
    _IMAGE: "allowed is a container image with its registry, such as "
    "123456789012.dkr.ecr.us-east-1.amazonaws.com/server:1",
    _INSTANCE: "allowed is a SageMaker instance type, such as ml.m5.large",
    _ORIGIN: "allowed is the origin of a web page, such as https://example.com, without a path",
    _ARCHIVE: "allowed is the name of a file: up to 121 letters, digits, dots, hyphens and underscores",
    _PLAIN: "allowed is text without control characters",
}


def composed(text: str) -> str:
    """Return a text in Unicode's form NFC: keyboards, file systems and archives write é in two ways.

    Parameters
    ----------
    text : str
        For instance a label.
    """
    return unicodedata.normalize("NFC", text)


def _different(values: list[str]) -> list[str]:
    if len(set(values)) < len(values):
        raise ValueError(f"each value may occur once, but {', '.join(_repeated(values))} repeats")
    return values


def _repeated(values: list[str]) -> list[str]:
    return sorted({value for value in values if values.count(value) > 1})


Name = Annotated[str, StringConstraints(pattern=_NAME)]
BucketName = Annotated[str, StringConstraints(pattern=_BUCKET)]
Label = Annotated[
    str,
    BeforeValidator(lambda value: composed(value) if isinstance(value, str) else value),
    StringConstraints(pattern=_LABEL),
]
ImageUri = Annotated[str, StringConstraints(pattern=_IMAGE, max_length=255)]
InstanceType = Annotated[str, StringConstraints(pattern=_INSTANCE)]
Origin = Annotated[str, StringConstraints(pattern=_ORIGIN)]
ArchiveName = Annotated[str, StringConstraints(pattern=_ARCHIVE)]
PlainText = Annotated[str, StringConstraints(pattern=_PLAIN, max_length=200)]
Probability = Annotated[float, Field(ge=0, le=1)]
Different = AfterValidator(_different)
