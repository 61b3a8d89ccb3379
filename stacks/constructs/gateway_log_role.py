"""The role with which API Gateway writes logs: one for the whole account and region."""

# jsii names the parameters of its interfaces differently from those of its classes.
# pyright: reportArgumentType=false

from __future__ import annotations

from aws_cdk import Aws, CfnCustomResource, Duration, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.constructs.acknowledge import acknowledge
from stacks.constructs.python_function import PythonFunction
from stacks.constructs.rights import allow
from stacks.constructs.wheels import BASE
from stacks.stage import Stage

# Those of the managed policy AmazonAPIGatewayPushToCloudWatchLogs that write.
_LOGGING = ["CreateLogGroup", "CreateLogStream", "DescribeLogGroups", "DescribeLogStreams", "PutLogEvents"]
_LOGGING += ["GetLogEvents", "FilterLogEvents"]


def set_log_role(scope: Construct, *, app: str, stage: Stage) -> CfnCustomResource:
    """Set the role where the account has none; reset it with the stack where it is still this one.

    Parameters
    ----------
    scope : Construct
        Gets the role, and a function that CloudFormation invokes.
    app : str
        ``app.name`` of the settings.
    stage : Stage
        Where the function will run.

    Returns
    -------
    aws_cdk.CfnCustomResource
        What a stage with logs depends on.
    """
    # API Gateway names the log groups of every API of the account.
    logging = iam.PolicyStatement(actions=[f"logs:{name}" for name in _LOGGING], resources=["*"])
    role = iam.Role(
        scope,
        "LogRole",
        assumed_by=iam.ServicePrincipal(
            "apigateway.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
        ),
        inline_policies={"Logs": iam.PolicyDocument(statements=[logging])},
    )
    function = PythonFunction(
        scope,
        "SetLogRole",
        stage=stage,
        handler="log_role",
        function_name=f"{app}-log-role",
        configuration=None,
        requirements=BASE,
        memory_mb=256,
        timeout=Duration.minutes(5),
    ).function
    account = f"arn:{Aws.PARTITION}:apigateway:{Aws.REGION}::/account"
    # The account may have any role set: whether it still exists decides whether it is replaced.
    roles = Stack.of(scope).format_arn(service="iam", region="", resource="role", resource_name="*")
    allow(function, ["apigateway:GET", "apigateway:PATCH"], [account])
    allow(function, ["iam:GetRole"], [roles])
    function.add_to_role_policy(
        iam.PolicyStatement(
            actions=["iam:PassRole"],
            resources=[role.role_arn],
            conditions={"StringEquals": {"iam:PassedToService": "apigateway.amazonaws.com"}},
        )
    )
    acknowledge(
        scope,
        {
            "IAM5[Resource::*]": "API Gateway checks that it may write any log of the account.",
            "IAM5[Resource::arn:<AWS::Partition>:iam::<AWS::AccountId>:role/*]": "Any role may be set; does it exist?",
        },
    )
    resource = CfnCustomResource(scope, "AccountLogRole", service_token=function.function_arn)
    resource.add_property_override("RoleArn", role.role_arn)
    # Until the setting is changed, and until it is reset, the function may do so.
    resource.node.add_dependency(function)
    return resource
