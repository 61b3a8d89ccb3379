"""The API lets in whom the settings say, takes pictures as bytes, and answers problems itself too."""

import json
from typing import get_args

import pytest

from signpost.api.contracts import OPEN, ROUTES, PictureType
from signpost.api.problems import PROBLEMS, Problem
from signpost.images.formats import MEDIA_TYPES
from tests.infrastructure.iam import readable
from tests.infrastructure.synthesis import Synthesis, Template


def only(synthesis: Synthesis, kind: str) -> Template:
    [resource] = resources(synthesis, kind).values()
    return resource["Properties"]


def resources(synthesis: Synthesis, kind: str) -> dict[str, Template]:
    found = synthesis.api["Resources"].items()
    return {name: resource for name, resource in found if resource["Type"] == f"AWS::{kind}"}


def methods(synthesis: Synthesis) -> dict[tuple[str, str], Template]:
    """Every method, by verb and path."""
    paths = resources(synthesis, "ApiGateway::Resource")

    def path(reference: Template) -> str:
        if "Fn::GetAtt" in reference:
            return ""
        properties = paths[reference["Ref"]]["Properties"]
        return f"{path(properties['ParentId'])}/{properties['PathPart']}"

    found = [method["Properties"] for method in resources(synthesis, "ApiGateway::Method").values()]
    return {(method["HttpMethod"], path(method["ResourceId"])): method for method in found}


def test_pictures_and_forms_are_bytes_and_each_type_is_named(on_aws: Synthesis) -> None:
    types = only(on_aws, "ApiGateway::RestApi")["BinaryMediaTypes"]
    assert types == [*MEDIA_TYPES, "multipart/form-data"]
    assert set(types) == {*get_args(PictureType), "multipart/form-data"}


@pytest.mark.parametrize(
    ("name", "authorisation"),
    [("on_aws", "AWS_IAM"), ("on_laptop", "AWS_IAM"), ("every_hosting", "COGNITO_USER_POOLS")],
)
def test_every_method_asks_who_it_is_except_those_for_everybody(
    request: pytest.FixtureRequest, name: str, authorisation: str
) -> None:
    found = methods(request.getfixturevalue(name))
    preflights = {route for route in found if route[0] == "OPTIONS"}
    assert set(found) - preflights == {*ROUTES.values(), ("ANY", "/{proxy+}")}
    assert bool(preflights) is (name == "every_hosting")
    anybody = {ROUTES[operation] for operation in OPEN} | preflights
    for route, method in found.items():
        assert method["AuthorizationType"] == ("NONE" if route in anybody else authorisation), route
        assert bool(method.get("ApiKeyRequired")) is (name == "every_hosting" and route not in anybody), route


def test_the_stage_limits_and_logs_no_body_and_no_address(on_aws: Synthesis) -> None:
    stage = only(on_aws, "ApiGateway::Stage")
    [limits] = [entry for entry in stage["MethodSettings"] if entry["HttpMethod"] == "*"]
    assert (limits["ThrottlingRateLimit"], limits["ThrottlingBurstLimit"]) == (50, 100)
    assert limits["DataTraceEnabled"] is False
    line = json.loads(stage["AccessLogSetting"]["Format"])
    assert line["request_id"] == "$context.requestId"
    assert not [value for value in line.values() if "identity" in value or "authorizer" in value]


def test_what_the_gateway_answers_itself_is_a_problem(on_aws: Synthesis) -> None:
    responses = [response["Properties"] for response in resources(on_aws, "ApiGateway::GatewayResponse").values()]
    assert len(responses) == 21
    for response in responses:
        problem = Problem.model_validate_json(response["ResponseTemplates"]["application/json"])
        assert response["StatusCode"] == str(problem.status) == str(PROBLEMS[problem.code][0])
        headers = response["ResponseParameters"]
        assert headers["gatewayresponse.header.Content-Type"] == "'application/problem+json'"
        assert ("gatewayresponse.header.Retry-After" in headers) is (problem.status in (429, 503))


def test_the_firewall_lets_pictures_pass_and_limits_each_address(on_aws: Synthesis) -> None:
    rules = {rule["Name"]: rule for rule in only(on_aws, "WAFv2::WebACL")["Rules"]}
    common = rules["AWSManagedRulesCommonRuleSet"]["Statement"]["ManagedRuleGroupStatement"]
    assert "SizeRestrictions_BODY" in {override["Name"] for override in common["RuleActionOverrides"]}
    assert rules["RequestsPerAddress"]["Statement"]["RateBasedStatement"]["Limit"] == 2000
    assert rules["RequestsPerAddress"]["Action"]["Block"]["CustomResponse"]["ResponseCode"] == 429
    assert "stages" in readable(only(on_aws, "WAFv2::WebACLAssociation")["ResourceArn"])


def test_nobody_signs_up_and_a_key_has_a_quota(every_hosting: Synthesis) -> None:
    assert only(every_hosting, "Cognito::UserPool")["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    assert only(every_hosting, "ApiGateway::UsagePlan")["Quota"] == {"Limit": 1000, "Period": "DAY"}
    assert only(every_hosting, "ApiGateway::ApiKey")["Enabled"] is True


def test_an_answer_that_is_the_servers_fault_rings_an_alarm(on_aws: Synthesis) -> None:
    alarms = [alarm["Properties"] for alarm in on_aws.resources("AWS::CloudWatch::Alarm").values()]
    (alarm,) = (alarm for alarm in alarms if alarm["Namespace"] == "AWS/ApiGateway")
    assert (alarm["MetricName"], alarm["Statistic"], alarm["Threshold"]) == ("5XXError", "Sum", 1)
    assert alarm["TreatMissingData"] == "notBreaching"
