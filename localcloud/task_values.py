"""Values of a state on their way to an AWS API and back, by the API's own model."""

import json
from datetime import UTC, datetime
from typing import Any

from botocore import xform_name
from botocore.model import Shape

# The AWS SDK for Java, whose names Step Functions uses, can't call a member NULL.
_JAVA_NAMES = {("AttributeValue", "NULL"): "Nul"}


def java_name(name: str) -> str:
    """Return a name as the AWS SDK for Java 2 writes it, and with it Step Functions' `aws-sdk` integrations.

    Parameters
    ----------
    name : str
        Of a member, error or service, such as `stateMachineArn`, `DBClusters` or `SFN`.

    Returns
    -------
    str
        Such as `StateMachineArn`, `DbClusters`, `Sfn`.
    """
    words = xform_name(name.replace(" ", "").replace("-", "")).split("_")
    return "".join(word[:1].upper() + word[1:] for word in words)


def to_arguments(value: Any, shape: Shape) -> Any:
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

    Returns
    -------
    Any
        The same with the model's names and types. Members that are null are left out.
    """
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        members: dict[str, Shape] = shape.members  # type: ignore[attr-defined]
        own_names = {_java_member(shape, member): member for member in members} | {member: member for member in members}
        named = {own_names.get(name, name): item for name, item in value.items() if item is not None}
        return {name: to_arguments(item, members[name]) if name in members else item for name, item in named.items()}
    if kind == "list" and isinstance(value, list):
        return [to_arguments(item, shape.member) for item in value]  # type: ignore[attr-defined]
    if kind == "map" and isinstance(value, dict):
        return {key: to_arguments(item, shape.value) for key, item in value.items()}  # type: ignore[attr-defined]
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
            _java_member(shape, name) if java_names else name[:1].upper() + name[1:]: to_result(
                item, members[name], java_names=java_names
            )
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


def _java_member(shape: Shape, name: str) -> str:
    return _JAVA_NAMES.get((shape.name, name)) or java_name(name)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
