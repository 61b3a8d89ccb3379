"""The API for callers with tokens of a user pool, metered by keys, and for web pages, as signpost.toml can have it."""

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from signpost.api.problems import Problem
from tests.localcloud.api_client import Answer, Api
from tests.localcloud.elsewhere import PAGE


@dataclass(frozen=True)
class Doors(Api):
    """A caller with a key beside the token."""

    api_key: str = ""

    def ask(self, method: str, path: str, body: bytes | str | None = None, **headers: str) -> Answer:
        return super().ask(method, path, body, **{"x_api_key": self.api_key, **headers})


@pytest.fixture(scope="module")
def doors(elsewhere):
    [key] = elsewhere.cloud.client("apigateway").get_api_keys(nameQuery="elsewhere-api", includeValues=True)["items"]
    return partial(Doors, elsewhere, api_key=key["value"])


def sign_in(app, name: str, pool: str | None = None, client: str | None = None) -> dict[str, str]:
    """A new person of the pool, and what signing in gives."""
    cognito, password = app.cloud.client("cognito-idp"), "Correct-horse-7-battery"
    pool, client = pool or app.where["UserPool"], client or app.where["UserPoolClient"]
    cognito.admin_create_user(UserPoolId=pool, Username=name, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password=password, Permanent=True)
    return cognito.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=client,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": password},
    )["AuthenticationResult"]


@pytest.fixture(scope="module")
def tokens(elsewhere):
    return sign_in(elsewhere, "ada@example.com")


def refused(answer, code):
    assert answer.headers["Content-Type"] == "application/problem+json", answer.body
    assert Problem.model_validate_json(answer.body).code == code


def test_a_token_of_the_pool_lets_in_and_its_owner_sees_the_decision(doors, elsewhere, tokens, examples):
    ada = doors(token=tokens["IdToken"])
    answer = ada.classify(examples.one("nearby-orders"))
    assert (answer.status, answer.json["route"]) == (200, "nearby-orders")
    where = f"/decisions/{answer.json['decision_id']}"
    assert ada.ask("GET", where).json == answer.json
    bob = doors(token=sign_in(elsewhere, "bob@example.com")["IdToken"])
    refused(bob.ask("GET", where), "not_found")


def forged(token: str, **changed) -> str:
    """The token with other claims, signed with a key of one's own."""
    head, claims, _ = token.split(".")
    decoded = json.loads(base64.urlsafe_b64decode(claims + "=="))
    body = base64.urlsafe_b64encode(json.dumps(decoded | changed).encode()).decode().rstrip("=")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    signature = key.sign(f"{head}.{body}".encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{head}.{body}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def test_no_other_token_lets_in(doors, tokens):
    token = tokens["IdToken"]
    for other in (None, "nonsense", token[:-6] + "AAAAAA", forged(token), forged(token, exp=int(time.time()) + 9999)):
        answer = doors(token=other).ask("GET", "/classifiers")
        refused(answer, "no_credentials")
        assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_a_token_of_another_pool_or_another_application_lets_nobody_in(doors, elsewhere):
    cognito = elsewhere.cloud.client("cognito-idp")
    flows = {"ExplicitAuthFlows": ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]}
    pool = cognito.create_user_pool(PoolName="elsewhere")["UserPool"]["Id"]
    client = cognito.create_user_pool_client(UserPoolId=pool, ClientName="c", **flows)["UserPoolClient"]["ClientId"]
    stranger = sign_in(elsewhere, "eve@example.com", pool, client)
    refused(doors(token=stranger["IdToken"]).ask("GET", "/classifiers"), "no_credentials")

    own = elsewhere.where["UserPool"]
    client = cognito.create_user_pool_client(UserPoolId=own, ClientName="c", **flows)["UserPoolClient"]["ClientId"]
    borrowed = sign_in(elsewhere, "mallory@example.com", own, client)
    for kind in ("AccessToken", "IdToken"):
        refused(doors(token=borrowed[kind]).ask("GET", "/decisions/1"), "access_denied")


def test_a_key_meters_and_lets_nobody_in_by_itself(doors, tokens):
    ada = doors(token=tokens["IdToken"])
    assert ada.ask("GET", "/classifiers").status == 200
    refused(ada.ask("GET", "/classifiers", x_api_key="another"), "access_denied")
    refused(replace(ada, token=None).ask("GET", "/classifiers"), "no_credentials")


def test_only_pages_that_the_settings_name_may_ask(doors, tokens):
    ada = doors(token=tokens["IdToken"])
    asks = {"access_control_request_method": "POST", "access_control_request_headers": "authorization"}
    preflight = ada.unsigned().ask("OPTIONS", "/classify/vehicle", origin=PAGE, **asks)
    assert (preflight.status, preflight.headers["Access-Control-Allow-Origin"]) == (204, PAGE)
    assert "Authorization" in preflight.headers["Access-Control-Allow-Headers"]
    assert ada.ask("GET", "/classifiers", origin=PAGE).headers["Access-Control-Allow-Origin"] == PAGE
    refusal = replace(ada, token=None).ask("GET", "/classifiers", origin=PAGE)
    assert refusal.headers["Access-Control-Allow-Origin"] == PAGE
    other = ada.ask("GET", "/classifiers", origin="https://evil.example.com")
    assert "Access-Control-Allow-Origin" not in other.headers
    assert (
        "Access-Control-Allow-Origin"
        not in ada.unsigned().ask("OPTIONS", "/classify/vehicle", origin="https://evil.example.com", **asks).headers
    )


def test_too_many_at_once_are_told_when_to_come_back(doors):
    anybody = doors()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: anybody.ask("GET", "/docs/start.js"), range(60)))
    assert {answer.status for answer in answers} == {200, 429}
    turned_away = next(answer for answer in answers if answer.status == 429)
    refused(turned_away, "too_many_requests")
    assert turned_away.headers["Retry-After"] == "1"
