"""Values of a state on their way to an AWS API and back, by the API's own model."""

import json
import string
from datetime import UTC, datetime
from typing import Any

from botocore import xform_name
from botocore.model import Shape

# The AWS SDK for Java can't call a member NULL.
_JAVA_NAMES = {("AttributeValue", "NULL"): "Nul"}


class UnknownMemberError(ValueError):
    """Arguments name a member that the integration does not have."""


def java_class_name(name: str) -> str:
    """Return the name of an error or a service as the AWS SDK for Java 2 writes it.

    Parameters
    ----------
    name : str
        Such as `KMSDisabled` or `SFN`.

    Returns
    -------
    str
        Such as `KmsDisabled`, `Sfn`.
    """
    words = xform_name(name.replace(" ", "").replace("-", "")).split("_")
    return "".join(word[:1].upper() + word[1:] for word in words)


def java_member_name(name: str) -> str:
    """Return a member's name as Step Functions' `aws-sdk` integrations write it.

    The AWS SDK for Java 2 lowers the leading run of capitals, except the last one before a small letter; Step Functions
    raises the first letter. Capitals elsewhere stay.

    Parameters
    ----------
    name : str
        Such as `stateMachineArn`, `DBClusters`, `SupportedResponseMIMETypes`.

    Returns
    -------
    str
        Such as `StateMachineArn`, `DbClusters`, `SupportedResponseMIMETypes`.
    """
    capitals = len(name) - len(name.lstrip(string.ascii_uppercase))
    lowered = capitals - 1 if name[capitals : capitals + 1].islower() else capitals
    lowered = max(1, lowered)
    return name[0].upper() + name[1:lowered].lower() + name[lowered:]


def to_arguments(value: Any, shape: Shape, *, java_names: bool) -> Any:
    """Turn a state's arguments into boto3's.

    An object for a string (an event's `Detail`, a message's body, an execution's input) becomes JSON text. What goes
    into a blob becomes JSON text always, so a string gets its quotation marks: on AWS, an S3 object put by a state
    holds JSON too.

    Parameters
    ----------
    value : Any
        Plain JSON.
    shape : Shape
        Its model.
    java_names : bool
        See `to_result`.

    Returns
    -------
    Any
        The same with the model's names and types. Members that are null are left out.

    Raises
    ------
    UnknownMemberError
        If a member is not among the model's, or is written in another way.
    """
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        members: dict[str, Shape] = shape.members  # type: ignore[attr-defined]
        names = written_members(shape, java_names=java_names)
        if unknown := set(value) - set(names):
            known = f"known are {', '.join(sorted(names))}"
            raise UnknownMemberError(f"{shape.name} has no field {', '.join(sorted(unknown))}; {known}.")
        given = {names[name]: item for name, item in value.items() if item is not None}
        return {name: to_arguments(item, members[name], java_names=java_names) for name, item in given.items()}
    if kind == "list" and isinstance(value, list):
        return [to_arguments(item, shape.member, java_names=java_names) for item in value]  # type: ignore[attr-defined]
    if kind == "map" and isinstance(value, dict):
        values: Shape = shape.value  # type: ignore[attr-defined]
        return {key: to_arguments(item, values, java_names=java_names) for key, item in value.items()}
    if kind == "blob":
        return _json(value).encode()
    if kind == "string" and not isinstance(value, str):
        return _json(value)
    if kind in ("integer", "long") and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def to_result(value: Any, shape: Shape, *, java_names: bool) -> Any:
    """Turn what boto3 answers into a task's result.

    Parameters
    ----------
    value : Any
        The answer or a part of it.
    shape : Shape
        Its model.
    java_names : bool
        Whether to write members as Java does, for `aws-sdk` integrations; others only get a capital first letter.

    Returns
    -------
    Any
        Plain JSON: moments in ISO 8601, bytes as text.
    """
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        members: dict[str, Shape] = shape.members  # type: ignore[attr-defined]
        return {
            _written(shape, name, java_names=java_names): to_result(item, members[name], java_names=java_names)
            for name, item in value.items()
            if name in members
        }
    if kind == "list" and isinstance(value, list):
        return [to_result(item, shape.member, java_names=java_names) for item in value]  # type: ignore[attr-defined]
    if kind == "map" and isinstance(value, dict):
        values: Shape = shape.value  # type: ignore[attr-defined]
        return {key: to_result(item, values, java_names=java_names) for key, item in value.items()}
    if kind == "blob":
        content = value if isinstance(value, bytes) else value.read()
        return content.decode("utf-8", errors="replace")
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value


def written_members(shape: Any, *, java_names: bool) -> dict[str, str]:
    """Return the members of a structure by the names that a state writes.

    Parameters
    ----------
    shape : StructureShape
        Their model.
    java_names : bool
        See `to_result`.
    """
    return {_written(shape, member, java_names=java_names): member for member in shape.members}


def _written(shape: Shape, name: str, *, java_names: bool) -> str:
    """Return a member's name as a state writes it."""
    if java_names:
        return _JAVA_NAMES.get((shape.name, name)) or java_member_name(name)
    return name[:1].upper() + name[1:]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
