"""Policies that are replaced instead of changed, so that rights are granted before they are used and revoked after."""

from __future__ import annotations

import hashlib
import json

import jsii
from aws_cdk import IAspect, Stack
from aws_cdk import aws_iam as iam
from constructs import IConstruct

# The inline policies of a role may have 10,240 characters in all, and for a while there are two of each.
# (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html)
_LARGEST = 5_000


@jsii.implements(IAspect)
class ReplacedPolicies:
    """An aspect that names each policy after its content.

    CloudFormation updates a role's policy before the function or state machine that depends on it. Until that is
    updated too, it would no longer be allowed what it still does: invoke the former endpoint, or send to the queue of a
    removed route. A policy of another name is created before, and the former one is deleted after all updates.
    A policy of more than half of what a role may have is left as it is.
    """

    def visit(self, node: IConstruct) -> None:
        """Set name and logical id of a policy."""
        if not isinstance(node, iam.CfnPolicy):
            return
        stack = Stack.of(node)
        content = json.dumps(stack.resolve(node.policy_document), sort_keys=True)
        if len(content) > _LARGEST:
            return
        digest = hashlib.sha256(content.encode()).hexdigest()[:8]
        node.policy_name = f"{node.policy_name}-{digest}"
        node.override_logical_id(f"{stack.resolve(node.logical_id)}{digest}")
