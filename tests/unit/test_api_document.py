"""The API's document says what the contracts say, and its examples are true to them."""

import re

import pytest

from lambdas.api.receipts import name_decision
from lambdas.serialize.serialize import serialize
from signpost.api.contracts import OPEN, ROUTES, Pending, PictureInJson, Upload, UploadRequest
from signpost.api.openapi import document
from signpost.api.problems import PROBLEMS, Problem
from signpost.errors import RequestError
from signpost.routing.contracts import Decision
from signpost.routing.object_keys import expected_key, given_id, posted_key
from signpost.settings.lambda_config import SerializeConfiguration
from signpost.settings.limits import LimitSettings
from tests.conftest import ROOT

ID = "3f2b8c1e-7a4d-4e0b-9a51-0c6d2f1e8b77"
CONTRACTS = {model.__name__: model for model in (Decision, Pending, PictureInJson, Problem, Upload, UploadRequest)}


@pytest.fixture(scope="module", params=["iam", "cognito"])
def described(request):
    return document(request.param, ["vehicle"])


def contents(described):
    """Every body in the document."""
    for path in described["paths"].values():
        for operation in path.values():
            for place in (operation.get("requestBody", {}), *operation["responses"].values()):
                yield from place.get("content", {}).values()


def test_every_example_is_true_to_its_contract(described):
    count = 0
    for content in contents(described):
        for example in content.get("examples", {}).values():
            CONTRACTS[content["schema"]["$ref"].rpartition("/")[2]].model_validate(example["value"])
            count += 1
    assert count > 40


def test_every_reference_leads_somewhere(described):
    for name in re.findall(r"#/components/schemas/(\w+)", str(described)):
        assert name in described["components"]["schemas"]


def test_every_operation_is_described_and_nothing_else(described):
    found = {(method.upper(), path) for path, methods in described["paths"].items() for method in methods}
    undescribed = {ROUTES[name] for name in ("document", "page", "page_file")}
    assert found == set(ROUTES.values()) - undescribed
    free = {path for path, methods in described["paths"].items() for m in methods.values() if m.get("security") == []}
    assert free == {ROUTES[name][1] for name in OPEN} & set(described["paths"])


def test_every_problem_is_documented():
    table = (ROOT / "docs" / "api.md").read_text()
    for code, (status, _) in PROBLEMS.items():
        assert f"| {status} | `{code}` |" in table


def named(bucket, key, classifier):
    """The id of a decision on a picture that Serialize does not even fetch."""
    configuration = SerializeConfiguration(
        default_classifier="vehicle",
        inputs={},
        switched_off=[],
        incoming_bucket="incoming",
        source_buckets=["other"],
        scratch_bucket="scratch",
        limits=LimitSettings(),
    )
    event = {"s3_bucket": bucket, "s3_key": key, "classifier": classifier}
    return serialize(event, configuration, s3=None)["decision_id"]


@pytest.mark.parametrize("key", [posted_key(ID), expected_key("vehicle", ID)])
def test_a_key_of_the_api_names_the_decision_in_the_apps_own_bucket(key):
    assert named("incoming", key, "vehicle") == ID
    assert named("other", key, "vehicle") != ID


def test_a_key_that_names_a_classifier_names_no_decision_of_another():
    key = expected_key("vehicle", ID)
    assert named("incoming", key, "flowers") not in {ID, named("other", key, "flowers")}


@pytest.mark.parametrize(
    "key",
    [
        f"uploads/api/{ID}.jpg",
        f"uploads/{ID}",
        f"incoming/api/{ID}",
        f"incoming/a/b/api/{ID}",
        f"x/uploads/api/{ID}",
        f"uploads/api/{ID.upper()}",
        f"uploads/api/{ID}\n",
    ],
)
def test_no_other_key_does(key):
    assert given_id(key, "vehicle") is None


def test_an_idempotency_key_is_its_owners_own():
    assert name_decision("ada", "order-1") == name_decision("ada", "order-1") != name_decision("bob", "order-1")
    assert name_decision("ada", None) != name_decision("ada", None)
    for key in ("", "ü", "a\nb", "a" * 256):
        with pytest.raises(RequestError) as refused:
            name_decision("ada", key)
        assert refused.value.code == "invalid_idempotency_key"
