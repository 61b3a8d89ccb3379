"""The role of API Gateway's logs is set where the account has none, and reset only where it is still ours."""

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from lambdas.log_role.account import reset, set_if_missing

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "apigateway.amazonaws.com"}}
    ],
}


class Account:
    """API Gateway's setting; moto's API Gateway needs what nothing else here does."""

    def __init__(self, failures: int = 0) -> None:
        self.failures, self.role = failures, None

    def get_account(self) -> dict[str, Any]:
        return {"cloudwatchRoleArn": self.role} if self.role else {}

    def update_account(self, **changes: Any) -> None:
        if self.failures:
            self.failures -= 1
            raise ClientError({"Error": {"Code": "BadRequestException", "Message": "no permissions"}}, "UpdateAccount")
        ((change,),) = changes.values()
        self.role = change["value"]


@pytest.fixture
def iam(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield boto3.client("iam", "us-east-1")


def role(iam, name):
    return iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]


def test_an_account_without_a_role_gets_ours_and_loses_it_again(iam):
    apigateway = Account()
    ours = role(iam, "ours")
    assert set_if_missing(apigateway, iam, ours)
    assert set_if_missing(apigateway, iam, ours)
    assert apigateway.role == ours
    assert reset(apigateway, ours)
    assert not apigateway.role


def test_the_role_of_somebody_else_stays(iam):
    apigateway = Account()
    theirs, ours = role(iam, "theirs"), role(iam, "ours")
    set_if_missing(apigateway, iam, theirs)
    assert not set_if_missing(apigateway, iam, ours)
    assert not reset(apigateway, ours)
    assert apigateway.role == theirs


def test_the_name_of_a_deleted_role_is_replaced(iam):
    apigateway = Account()
    theirs, ours = role(iam, "theirs"), role(iam, "ours")
    set_if_missing(apigateway, iam, theirs)
    iam.delete_role(RoleName="theirs")
    assert set_if_missing(apigateway, iam, ours)
    assert apigateway.role == ours


def test_a_new_role_is_tried_again_until_it_is_known(iam):
    pauses, account = list[float](), Account(failures=3)
    assert set_if_missing(account, iam, "ours", pauses.append)
    assert (account.role, len(pauses)) == ("ours", 3)
    with pytest.raises(ClientError, match="no permissions"):
        set_if_missing(Account(failures=99), iam, "ours", pauses.append)
