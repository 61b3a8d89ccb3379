"""Who asks: callers are told apart, and nothing of them is kept that names them."""

import re

import pytest

from lambdas.api.body import read_picture
from lambdas.api.caller import owner_of
from lambdas.api.http import Request
from signpost.errors import RequestError
from tests.samples import sample_event


@pytest.fixture
def request_():
    return Request.read(sample_event("api-classify.json"))


def test_a_request_is_read_as_api_gateway_sends_it(request_):
    assert (request_.method, request_.resource) == ("POST", "/classify/{classifier}")
    assert request_.parameters == {"classifier": "vehicle"}
    assert request_.headers["idempotency-key"] == "order-4711"
    assert read_picture(request_).startswith(b"\xff\xd8\xff")


def signed_by(context, **identity):
    return {**context, "identity": {**context["identity"], **identity}}


def test_a_role_is_one_caller_whatever_its_sessions_are_called(request_):
    sessions = [
        signed_by(request_.context, caller=f"AROAEXAMPLE:{name}") for name in ("botocore-session-1", "ada", "a:b")
    ]
    assert len({owner_of(context, []) for context in sessions}) == 1


def test_each_user_role_and_identity_is_a_caller_of_its_own(request_):
    callers = [
        signed_by(request_.context),
        signed_by(request_.context, caller="AROAANOTHER:session"),
        signed_by(request_.context, caller="AIDAEXAMPLE"),
        signed_by(request_.context, caller="123456789012"),
        signed_by(request_.context, caller="123456789012:federated"),
        signed_by(request_.context, caller=None),
        signed_by(request_.context, cognitoIdentityId="eu-central-1:1"),
        signed_by(request_.context, cognitoIdentityId="eu-central-1:2"),
        {"authorizer": {"claims": {"sub": "AROAEXAMPLE:session", "aud": "app"}}},
    ]
    owners = [owner_of(context, ["app"]) for context in callers]
    assert len(set(owners)) == len(owners)
    assert all(re.fullmatch("[0-9a-f]{32}", owner) for owner in owners)
    assert owner_of(signed_by(request_.context, sourceIp="203.0.113.9"), []) == owners[0]


@pytest.mark.parametrize("claims", [{"aud": "other"}, {"client_id": "other"}, {}])
def test_a_token_for_another_application_is_refused(claims):
    with pytest.raises(RequestError) as refused:
        owner_of({"authorizer": {"claims": {"sub": "ada", **claims}}}, ["app"])
    assert refused.value.code == "access_denied"


def test_a_request_without_a_named_signer_is_refused() -> None:
    # GIVEN what API Gateway hands over where a method asks for no signature, recorded
    identity = {"accessKey": None, "caller": None, "cognitoIdentityId": None, "user": None, "userArn": None}
    with pytest.raises(RequestError, match="no signer"):
        owner_of({"identity": identity}, [])
