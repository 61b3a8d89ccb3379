"""Whatever is asked, the answer is one that the OpenAPI document describes: requests made from the document itself."""

import pytest
import requests
import schemathesis
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import HealthCheck, given, settings, strategies

from localcloud.credentials import REGION
from tests.localcloud.api_client import Api, new_caller


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


@pytest.mark.parametrize("name", ["classify", "upload", "decision", "listClassifiers", "health"])
def test_every_answer_is_described(api, name):
    document = api.unsigned().ask("GET", "/openapi.json").json
    assert document["openapi"].startswith("3.1")
    del document["security"]  # every request here is signed; who is not let in is another test's question
    schema = schemathesis.openapi.from_dict(document)
    [operation] = [found.ok() for found in schema.include(operation_id=name).get_all_operations()]
    modes = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]

    @given(strategies.one_of(*(operation.as_strategy(generation_mode=mode) for mode in modes)))
    @settings(max_examples=60, derandomize=True, suppress_health_check=list(HealthCheck))
    def answers(case: schemathesis.Case) -> None:
        case.call_and_validate(base_url=api.url, auth=Signed(api))

    answers()
