"""Template properties as API input: CloudFormation takes numbers and booleans as text, an API does not."""

from typing import Any

from localcloud.api_input import input_shape

_NUMBERS = {"integer": int, "long": int, "float": float, "double": float}


def with_api_types(service: str, operation: str, properties: dict[str, Any]) -> dict[str, Any]:
    """Return properties as an operation's input.

    Parameters
    ----------
    service : str
        Botocore's name of the service.
    operation : str
        Name of the operation.
    properties : dict
        Resolved properties of a resource.

    Returns
    -------
    dict
        The members that the operation has, in its types.
    """
    return _convert(properties, input_shape(service, operation))


def _convert(value: Any, shape: Any) -> Any:
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        return {name: _convert(member, shape.members[name]) for name, member in value.items() if name in shape.members}
    if kind == "list" and isinstance(value, list):
        return [_convert(member, shape.member) for member in value]
    if kind == "map" and isinstance(value, dict):
        return {name: _convert(member, shape.value) for name, member in value.items()}
    if kind in _NUMBERS:
        return _NUMBERS[kind](value)
    if kind == "boolean":
        return str(value).lower() == "true"
    return str(value) if kind == "string" else value
