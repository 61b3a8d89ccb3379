"""Checks a request's members against the service's own model, before anything is done with them."""

import functools
import re
from typing import Any

import botocore.session
from botocore.exceptions import ParamValidationError
from botocore.validate import validate_parameters

from localcloud.answers import ServiceError

# Names that become folders and files here.
_NAMES = (
    "ChannelName",
    "EndpointConfigName",
    "EndpointName",
    "InferenceComponentName",
    "ModelName",
    "TrainingJobName",
    "VariantName",
)


@functools.cache
def input_shape(service: str, operation: str) -> Any:
    """Return what an operation takes.

    Parameters
    ----------
    service, operation : str
        Such as `sagemaker` and `CreateModel`.

    Returns
    -------
    botocore.model.StructureShape
        Its input.
    """
    model: Any = botocore.session.get_session().get_service_model(service)
    return model.operation_model(operation).input_shape


def check_input(service: str, operation: str, parameters: Any, code: str = "ValidationException") -> None:
    """Refuse a request that lacks a member, has one of a wrong type, or a name that is none.

    Parameters
    ----------
    service, operation : str
        What is asked.
    parameters : Any
        The request.
    code : str
        How the service calls such an error.

    Raises
    ------
    ServiceError
        With that code.
    """
    shape = input_shape(service, operation)
    try:
        validate_parameters(parameters, shape)
    except ParamValidationError as error:
        raise ServiceError(code, str(error)) from error
    _check_names(parameters, shape, code)


def _check_names(value: Any, shape: Any, code: str) -> None:
    if shape.type_name == "list":
        for item in value:
            _check_names(item, shape.member, code)
    for name, member in value.items() if shape.type_name == "structure" else ():
        if name in _NAMES:
            _check_name(name, member, shape.members[name].metadata, code)
        else:
            _check_names(member, shape.members[name], code)


def _check_name(member: str, name: str, constraints: dict[str, Any], code: str) -> None:
    if len(name) > constraints["max"] or not re.fullmatch(constraints["pattern"], name, re.ASCII):
        what = f"at most {constraints['max']} characters that match {constraints['pattern']}"
        raise ServiceError(code, f"Value '{name[:80]}' at '{member}' failed to satisfy constraint: {what}")
