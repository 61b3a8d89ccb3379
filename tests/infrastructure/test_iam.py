"""Who may do what: exactly what is recorded, and nothing everywhere but what knows no place."""

import json

from stacks.constructs.trust import NOT_SENT_BY
from tests.infrastructure.iam import RECORDED, readable, statements_of_roles
from tests.infrastructure.synthesis import Synthesis

# Actions for which IAM knows no narrower resource.
ALLOWED_ANYWHERE = {
    "cloudwatch:PutMetricData": "has no resources; held to its namespaces by a condition",
    "sagemaker:ListModelPackages": "has no resources; only where no endpoint says which model is in production",
    "ecr:GetAuthorizationToken": "has no resources; what may be pulled is a statement of its own",
    "xray:PutTraceSegments": "has no resources",
    "xray:PutTelemetryRecords": "has no resources",
    "xray:GetSamplingRules": "has no resources",
    "xray:GetSamplingTargets": "has no resources",
    "logs:CreateLogDelivery": "Step Functions sets up its own log; log delivery has no resources",
    "logs:GetLogDelivery": "as above",
    "logs:UpdateLogDelivery": "as above",
    "logs:DeleteLogDelivery": "as above",
    "logs:ListLogDeliveries": "as above",
    "logs:PutResourcePolicy": "as above",
    "logs:DescribeResourcePolicies": "as above",
    "logs:DescribeLogGroups": "as above",
    "logs:CreateLogGroup": "API Gateway asks for these on all logs before it takes a role for its own",
    "logs:CreateLogStream": "as above",
    "logs:DescribeLogStreams": "as above",
    "logs:PutLogEvents": "as above",
    "logs:GetLogEvents": "as above",
    "logs:FilterLogEvents": "as above",
}

_ENDPOINT_ROLES = {
    "realtime": "EndpointsSignpostRealtimeRealtimeM5LargeRole",
    "serverless": "EndpointsSignpostServerlessServerless2048MbRole",
    "async": "EndpointsSignpostAsyncAsyncM5LargeRole",
}


def test_every_role_may_do_exactly_what_is_recorded(on_aws: Synthesis) -> None:
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    found = statements_of_roles(on_aws)
    assert found == recorded, "look at the difference; if it is meant: python -m tests.infrastructure.iam"


def test_only_listed_actions_are_allowed_on_every_resource(any_synthesis: Synthesis) -> None:
    everywhere = {
        action
        for statements in statements_of_roles(any_synthesis).values()
        for statement in statements
        if "*" in statement["Resource"]
        for action in statement["Action"]
    }
    assert everywhere <= set(ALLOWED_ANYWHERE)


def test_no_action_is_a_pattern_and_nothing_is_allowed_by_exclusion(any_synthesis: Synthesis) -> None:
    for role, statements in statements_of_roles(any_synthesis).items():
        for statement in statements:
            assert not [action for action in statement["Action"] if "*" in action], role
            assert not {"NotAction", "NotResource"} & set(statement), role


def test_a_pattern_of_resources_names_one_folder_one_machine_or_one_log(any_synthesis: Synthesis) -> None:
    for role, statements in statements_of_roles(any_synthesis).items():
        for resource in (r for statement in statements for r in statement["Resource"] if "*" in r and r != "*"):
            assert resource.count("*") == 1, f"{role}: {resource}"
            folder = resource.endswith("/*") and resource.startswith("<storage:")
            runs = ":execution:" in resource and resource.endswith(("/*", ":*"))
            asked = role == "GatewaySetLogRole" and resource.endswith(":role/*")
            assert folder or runs or asked or _of_training(role, resource), f"{role}: {resource}"


def _of_training(role: str, resource: str) -> bool:
    """Whether it is about logs, packages, or jobs, models and configurations whose names are made at run time."""
    kind = resource.partition("<AWS::AccountId>:")[2]
    named = kind.startswith(("training-job/signpost-", "model/signpost-", "endpoint-config/signpost-"))
    if role == "FunctionsEvaluateRole":
        return "-assets-<AWS::AccountId>-<AWS::Region>/signpost-" in resource and resource.endswith("-*.tar.gz")
    if role.endswith("MachineRole"):
        return named or kind.startswith("model-package/signpost-")
    return role.startswith("Train") and kind.startswith("log-group:/aws/sagemaker/")


def test_metrics_are_held_to_the_namespaces_of_sagemaker(every_hosting: Synthesis) -> None:
    for role in _ENDPOINT_ROLES.values():
        (statement,) = (
            s for s in statements_of_roles(every_hosting)[role] if s["Action"] == ["cloudwatch:PutMetricData"]
        )
        namespaces = {"cloudwatch:namespace": ["AWS/SageMaker", "/aws/sagemaker/Endpoints"]}
        assert statement["Condition"] == {"StringEquals": namespaces}


def test_an_endpoint_writes_only_what_its_hosting_makes_it_write(every_hosting: Synthesis) -> None:
    written = {
        role: [r for s in statements if s["Action"] == ["s3:PutObject"] for r in s["Resource"]]
        for role, statements in statements_of_roles(every_hosting).items()
        if role in _ENDPOINT_ROLES.values()
    }
    captured = "<storage:Captured.Arn>"
    assert written == {
        _ENDPOINT_ROLES["realtime"]: [f"{captured}/capture/signpost-realtime-realtime-m5-large/*"],
        _ENDPOINT_ROLES["serverless"]: [],
        _ENDPOINT_ROLES["async"]: [
            f"{captured}/async-errors/signpost-async-async-m5-large/*",
            f"{captured}/async-output/signpost-async-async-m5-large/*",
        ],
    }


def test_the_waiting_machine_routes_again_or_parks_and_is_there_only_where_pictures_wait(
    every_hosting: Synthesis, on_aws: Synthesis
) -> None:
    roles = statements_of_roles(every_hosting)
    may = {action: s["Resource"] for s in roles["WaitingMachineRole"] for action in s["Action"]}
    assert may["states:StartSyncExecution"] == ["<RoutingMachine>"]
    assert may["sqs:SendMessage"] == ["<DispatchQueueFaults.Arn>"]
    started = {action: s["Resource"] for s in roles["RoutingMachineRole"] for action in s["Action"]}
    machine = "arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:stateMachine:signpost-waiting"
    assert started["states:StartExecution"] == [machine]
    assert "WaitingMachineRole" not in statements_of_roles(on_aws)


def test_a_laptop_pulls_no_image(on_laptop: Synthesis) -> None:
    actions = {
        a for s in statements_of_roles(on_laptop)["EndpointsSignpostVehicleRealtimeM5LargeRole"] for a in s["Action"]
    }
    assert not {action for action in actions if action.startswith("ecr:")}


def test_a_service_assumes_a_role_for_this_account_only(any_synthesis: Synthesis) -> None:
    own_account = {"aws:SourceAccount": "<AWS::AccountId>"}
    for name, role in any_synthesis.resources("AWS::IAM::Role").items():
        for statement in map(readable, role["Properties"]["AssumeRolePolicyDocument"]["Statement"]):
            if statement["Principal"]["Service"] not in NOT_SENT_BY:
                assert statement["Condition"]["StringEquals"] == own_account, name


def test_a_service_reaches_queues_buckets_and_functions_for_this_account_only(any_synthesis: Synthesis) -> None:
    kinds = ("AWS::SQS::QueuePolicy", "AWS::S3::BucketPolicy")
    policies = [policy for kind in kinds for policy in any_synthesis.resources(kind).values()]
    statements = [s for policy in policies for s in policy["Properties"]["PolicyDocument"]["Statement"]]
    for statement in (s for s in statements if s["Effect"] == "Allow" and "Service" in s["Principal"]):
        keys = {key: readable(value) for test in statement["Condition"].values() for key, value in test.items()}
        # The ARN of a rule has the account; that of a bucket has none.
        rule = str(keys.get("aws:SourceArn", "")).endswith("Rule.Arn>") or "PictureLanded" in str(keys)
        assert keys.get("aws:SourceAccount") == "<AWS::AccountId>" or rule, statement
    for name, permission in any_synthesis.resources("AWS::Lambda::Permission").items():
        arn = readable(permission["Properties"]["SourceArn"])
        assert "<AWS::AccountId>" in arn or "UpdateBegins" in arn, name


def test_no_role_takes_a_ready_made_policy(any_synthesis: Synthesis) -> None:
    for name, role in any_synthesis.resources("AWS::IAM::Role").items():
        assert not role["Properties"].get("ManagedPolicyArns"), name
