"""A function's configuration, split into a file for its bundle and what CloudFormation fills in."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from aws_cdk import Stack, Token
from pydantic import BaseModel

from signpost.errors import DeploymentError
from signpost.settings.lambda_config import VARIABLE

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_MAX_ENVIRONMENT_BYTES = 4096
# More than what replaces a token has on average: an account, a region or an id has 10 to 30, an ARN 60 to 200.
_TOKEN_BYTES = 96
_TOKEN = re.compile(r"\$\{Token\[[^\]]*\]\}")


def split(stack: Stack, configuration: BaseModel | None) -> tuple[str | None, dict[str, str]]:
    """Split a configuration.

    Parameters
    ----------
    stack : aws_cdk.Stack
        Resolves the tokens.
    configuration : BaseModel or None
        Read with `signpost.settings.lambda_config.read_configuration`; texts in it may be CDK tokens.

    Returns
    -------
    str or None
        Content of the file: all members without tokens.
    dict of str to str
        Environment variables: the members with tokens.
    """
    if configuration is None:
        return None, {}
    members = configuration.model_dump(mode="json")
    unknown = {name: value for name, value in members.items() if _has_token(value)}
    known = {name: value for name, value in members.items() if name not in unknown}
    return json.dumps(known, ensure_ascii=False), {VARIABLE: stack.to_json_string(unknown)} if unknown else {}


def check_size(function_name: str, variables: Mapping[str, str], configuration: BaseModel | None) -> None:
    """Raise where a function's environment variables would be larger than Lambda allows.

    Raises
    ------
    DeploymentError
        With the largest member of the configuration.
    """
    members = configuration.model_dump(mode="json") if configuration else {}
    sizes = {name: _size(value) for name, value in members.items() if _has_token(value)}
    plain = {name: _size(value) for name, value in variables.items() if name != VARIABLE}
    total = sum(len(name) + size for name, size in {**plain, **sizes}.items())
    if total > _MAX_ENVIRONMENT_BYTES:
        largest = max(sizes or plain, key=lambda name: {**plain, **sizes}[name])
        raise DeploymentError(
            f"the environment variables of the function {function_name} would have up to {total} bytes; Lambda allows "
            f"{_MAX_ENVIRONMENT_BYTES}. The largest value is {largest!r}: shorten it in signpost.toml"
        )


def _has_token(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_token, value.values()))
    if isinstance(value, list):
        return Token.is_unresolved(value) or any(map(_has_token, value))
    return isinstance(value, str) and Token.is_unresolved(value)


def _size(value: Any) -> int:
    return len(_TOKEN.sub("x" * _TOKEN_BYTES, json.dumps(value, ensure_ascii=False)).encode())
