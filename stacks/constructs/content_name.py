"""Names that change with what they name, so that a policy can list them and CloudFormation can still replace them."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from aws_cdk import Stack
from constructs import Construct

from signpost.settings.file import JOB_DIGITS


def content_name(scope: Construct, prefix: str, *content: Any) -> str:
    """Return a name for a resource of SageMaker that is replaced, not updated, when it changes.

    Names that CloudFormation generates cannot be matched by a policy narrower than all models of the account.

    Parameters
    ----------
    scope : Construct
        Parent of the resource; part of the content.
    prefix : str
        Start of the name.
    content : Any
        Everything that requires a replacement; values may be CDK tokens.
    """
    resolved = json.dumps([scope.node.path, Stack.of(scope).resolve(list(content))], sort_keys=True)
    return f"{prefix}{hashlib.sha256(resolved.encode()).hexdigest()[:JOB_DIGITS]}"
