"""Lambda functions of the local cloud see what they see on AWS."""

import hashlib
import io
import json
import os
import uuid
import zipfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.localcloud.running_cloud import Cloud, wait_for
from tests.localcloud.sagemaker_resources import trust

SOURCE = """
import importlib.util, os, boto3

class PictureMissing(Exception):
    pass

def handler(event, context):
    print("looking at", event)
    if event.get("fail"):
        raise PictureMissing("there is none")
    found = {name: bool(importlib.util.find_spec(name)) for name in ("boto3", "numpy", "signpost", "ministack")}
    return {"packages": found, "caller": boto3.client("sts").get_caller_identity()["Arn"], "names": sorted(os.environ)}
"""


@pytest.fixture(scope="module")
def function(cloud: Cloud) -> str:
    name = f"f{uuid.uuid4().hex[:8]}"
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as package:
        package.writestr("handler.py", SOURCE)
    role = cloud.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust("lambda.amazonaws.com"))
    cloud.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="handler.handler",
        Role=role["Role"]["Arn"],
        Code={"ZipFile": code.getvalue()},
        Timeout=60,
    )
    return name


def invoke(cloud: Cloud, function: str, event: dict[str, Any]) -> dict[str, Any]:
    return json.load(cloud.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))["Payload"])


def test_a_function_sees_boto3_and_its_own_package_only(cloud: Cloud, function: str) -> None:
    answer = invoke(cloud, function, {})
    assert answer["packages"] == {"boto3": True, "numpy": False, "signpost": False, "ministack": False}


def test_a_function_has_its_role_and_none_of_the_users_environment(cloud: Cloud, function: str) -> None:
    answer = invoke(cloud, function, {})
    assert f":assumed-role/{function}/" in answer["caller"]
    # pytest sets this one for itself, so the local cloud was started with it.
    assert "PYTEST_VERSION" in os.environ
    assert "PYTEST_VERSION" not in answer["names"]


def test_nobody_can_guess_the_credentials_of_a_function(cloud: Cloud, function: str) -> None:
    # GIVEN a function that runs, and somebody who knows its name, its role and how MiniStack derives credentials
    invoke(cloud, function, {})
    config = cloud.client("lambda").get_function_configuration(FunctionName=function)
    digest = hashlib.sha256(f"{config['FunctionArn']}:{config['Role']}".encode()).hexdigest()
    secret, token = (hashlib.sha256(f"{part}:{digest}".encode()).hexdigest() for part in ("secret", "token"))
    guess = {"AccessKeyId": f"ASIA{digest[:16].upper()}", "SecretAccessKey": secret, "SessionToken": token}
    # THEN that opens nothing
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        cloud.client("sts", guess).get_caller_identity()


def test_an_error_keeps_the_name_of_its_exception(cloud: Cloud, function: str) -> None:
    assert invoke(cloud, function, {"fail": True}) == {"errorType": "PictureMissing", "errorMessage": "there is none"}


def test_what_a_function_prints_can_be_read(cloud: Cloud, function: str) -> None:
    invoke(cloud, function, {"picture": "one"})

    def printed() -> bool:
        events = cloud.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{function}")["events"]
        return any("looking at {'picture': 'one'}" in event["message"] for event in events)

    assert wait_for(printed)
