"""Whatever is asked, the answer is one that the OpenAPI document describes: requests made from the document itself."""

import pytest
import requests
import schemathesis
from api_client import Api, new_caller
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import HealthCheck, settings

from localcloud.credentials import REGION

pytest.importorskip("schemathesis")


class Signed(requests.auth.AuthBase):
    """Signs as the AWS command line does."""

    def __init__(self, api: Api) -> None:
        assert api.key
        self._who = Credentials(api.key["AccessKeyId"], api.key["SecretAccessKey"])

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        wanted = AWSRequest(request.method, request.url, {}, request.body)
        SigV4Auth(self._who, "execute-api", REGION).add_auth(wanted)
        request.headers.update(dict(wanted.headers))
        return request


@pytest.fixture(scope="module")
def api(app):
    return new_caller(app, "api-contract")


@pytest.fixture(scope="module")
def described(api):
    document = api.unsigned().ask("GET", "/openapi.json").json
    assert document["openapi"].startswith("3.1")
    return schemathesis.openapi.from_dict(document)


schema = schemathesis.pytest.from_fixture("described")


@schema.parametrize()
@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_answer_is_described(case, api):
    case.call_and_validate(base_url=api.url, auth=Signed(api))
