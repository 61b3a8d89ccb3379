"""Roles that services assume for this account only."""

from __future__ import annotations

from typing import Any

import jsii
from aws_cdk import Aws, IAspect, Stack
from aws_cdk import aws_iam as iam
from constructs import IConstruct

# API Gateway writes the logs of a whole account with one role, and its documentation does not state that it sends the
# key for it: with a condition that is never met, the account's setting is refused. Nobody can pass a role to a service
# of another account, so the condition would add nothing else.
NOT_SENT_BY = ("apigateway.amazonaws.com",)
_CONDITION = "AssumeRolePolicyDocument.Statement.{}.Condition.StringEquals.aws:SourceAccount"


@jsii.implements(IAspect)
class SourceAccount:
    """Adds ``aws:SourceAccount`` to the trust policy of each role that a service assumes, CDK's own roles included."""

    def visit(self, node: IConstruct) -> None:
        """Add the condition to a role's statements."""
        if isinstance(node, iam.CfnRole):
            document = Stack.of(node).resolve(node.assume_role_policy_document)
            for index, statement in enumerate(document["Statement"]):
                if _services(statement) and not set(_services(statement)) & set(NOT_SENT_BY):
                    node.add_property_override(_CONDITION.format(index), Aws.ACCOUNT_ID)


def _services(statement: dict[str, Any]) -> list[str]:
    named = statement.get("Principal", {}).get("Service", [])
    return [named] if isinstance(named, str) else named
