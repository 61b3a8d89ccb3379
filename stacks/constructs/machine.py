"""A state machine from Amazon States Language, with logs and traces."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.constructs.acknowledge import acknowledge
from stacks.constructs.log_group import month_of_logs


class Machine(Construct):
    """A state machine.

    Parameters
    ----------
    name : str
        Its name.
    definition : dict
        Amazon States Language.
    substitutions : mapping of str to str
        Values of the ``${…}`` in the definition.
    machine_type : sfn.StateMachineType
        Express or Standard.

    Attributes
    ----------
    machine : sfn.StateMachine
        The machine, its role still without rights of its own.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        definition: Mapping[str, Any],
        substitutions: Mapping[str, str],
        machine_type: sfn.StateMachineType,
    ) -> None:
        super().__init__(scope, construct_id)
        log_group = month_of_logs(self, f"/aws/vendedlogs/states/{name}")
        express = machine_type is sfn.StateMachineType.EXPRESS
        # An Express execution's 50 events a picture would cost more than its functions. What became of it is in the
        # decision, and what failed is logged. Standard executions are few.
        level = sfn.LogLevel.ERROR if express else sfn.LogLevel.ALL
        self.machine = sfn.StateMachine(
            self,
            "Machine",
            state_machine_name=name,
            state_machine_type=machine_type,
            definition_body=sfn.DefinitionBody.from_string(json.dumps(definition, ensure_ascii=False)),
            definition_substitutions=dict(substitutions),
            # No data: a state holds the picture.
            logs=sfn.LogOptions(destination=log_group, level=level, include_execution_data=False),
            tracing_enabled=True,
        )
        # As an object, where cfn-lint checks it; in a string it does not read JSONata.
        resource = cast(sfn.CfnStateMachine, self.machine.node.default_child)
        resource.add_property_deletion_override("DefinitionString")
        resource.add_property_override("Definition", definition)
        acknowledge(
            self,
            {
                "IAM5[Resource::*]": "X-Ray and the delivery of logs know no resources.",
                **({"SF1": "Every event of every picture would be dear; what fails is logged."} if express else {}),
            },
        )

    def allow(self, actions: list[str], resources: list[str]) -> None:
        """Give the machine's role exactly these actions on exactly these resources."""
        self.machine.add_to_role_policy(iam.PolicyStatement(actions=actions, resources=resources))
