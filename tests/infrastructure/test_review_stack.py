"""The deployed review page asks who it is itself, and may write corrections and nothing else."""

import json

from tests.infrastructure.iam import readable, statements_of_roles
from tests.infrastructure.synthesis import Synthesis, Template


def only(synthesis: Synthesis, kind: str) -> Template:
    [resource] = [r for r in synthesis.review["Resources"].values() if r["Type"] == f"AWS::{kind}"]
    return resource["Properties"]


def test_only_who_asks_for_it_gets_it(every_hosting: Synthesis) -> None:
    assert every_hosting.review["Resources"] == {}


def test_people_are_added_by_an_administrator_and_sign_in_with_a_code(on_aws: Synthesis) -> None:
    assert only(on_aws, "Cognito::UserPool")["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    client = only(on_aws, "Cognito::UserPoolClient")
    assert (client["AllowedOAuthFlows"], client["AllowedOAuthScopes"]) == (["code"], ["openid"])
    page = "https://<Gateway>.execute-api.<AWS::Region>.<AWS::URLSuffix>/v1"
    assert readable(client["CallbackURLs"]) == [f"{page}/signed-in"]
    groups = on_aws.resources("AWS::Cognito::UserPoolGroup").values()
    assert sorted(group["Properties"]["GroupName"] for group in groups) == ["reviewer", "viewer"]


def test_the_page_writes_corrections_and_nothing_else(on_aws: Synthesis) -> None:
    roles = statements_of_roles(on_aws)
    changes = {"s3:PutObject", "s3:DeleteObject"}
    written = {
        role: {resource for s in roles[role] if changes & set(s["Action"]) for resource in s["Resource"]}
        for role in ("FunctionsReviewRole", "FunctionsReviewIndexRole")
    }
    assert written == {
        "FunctionsReviewRole": {"<storage:Captured.Arn>/corrections/*"},
        "FunctionsReviewIndexRole": {"<storage:Decisions.Arn>/review-index/*"},
    }


def test_no_secret_is_in_the_template(on_aws: Synthesis) -> None:
    assert only(on_aws, "SecretsManager::Secret")["GenerateSecretString"]["PasswordLength"] == 64
    assert "SecretString" not in only(on_aws, "SecretsManager::Secret")


def test_the_stage_limits_and_logs_no_body_and_no_address(on_aws: Synthesis) -> None:
    stage = only(on_aws, "ApiGateway::Stage")
    [limits] = [entry for entry in stage["MethodSettings"] if entry["HttpMethod"] == "*"]
    assert (limits["ThrottlingRateLimit"], limits["ThrottlingBurstLimit"]) == (50, 100)
    assert limits["DataTraceEnabled"] is False
    line = json.loads(stage["AccessLogSetting"]["Format"])
    assert not [value for value in line.values() if "identity" in value or "authorizer" in value]
    assert "stages" in readable(only(on_aws, "WAFv2::WebACLAssociation")["ResourceArn"])


def test_every_path_leads_to_the_page(on_aws: Synthesis) -> None:
    methods = [r["Properties"] for r in on_aws.review["Resources"].values() if r["Type"] == "AWS::ApiGateway::Method"]
    assert len(methods) == 2
    for method in methods:
        assert (method["HttpMethod"], method["Integration"]["Type"]) == ("ANY", "AWS_PROXY")
