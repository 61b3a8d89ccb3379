"""Versions of the registry that another program made are listed, break nothing, and are never approved or pulled."""

import datetime as dt
import json
from typing import Any

import boto3
import jsonata
import pytest
from botocore.stub import Stubber

from signpost.aws.deployment import Deployment
from signpost.errors import DeploymentError
from signpost.model.registry import newest, registered
from stepfunctions.production import START, of_registry

GROUP = "arn:aws:sagemaker:us-east-1:123456789012:model-package/signpost-vehicle"
AT = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
OWN = {
    "ModelApprovalStatus": "Approved",
    "CustomerMetadataProperties": {"model_version": "20260101.1", "data_fingerprint": "ab", "accuracy": "0.97"},
    "InferenceSpecification": {"Containers": [{"Image": "i", "ModelDataUrl": "s3://models/own.tar.gz"}]},
}
# As the registry describes what AutoML jobs, pipelines of others and marketplaces register.
OTHERS: list[dict[str, Any]] = [
    {"ModelApprovalStatus": "Approved", "InferenceSpecification": {"Containers": [{"Image": "i"}]}},
    {
        "ModelApprovalStatus": "PendingManualApproval",
        "InferenceSpecification": {"Containers": [{"Image": "i", "ModelDataUrl": "s3://b/1"}, {"Image": "j"}]},
        "CustomerMetadataProperties": {"model_version": "7"},
    },
    {"SourceAlgorithmSpecification": {"SourceAlgorithms": [{"AlgorithmName": "a"}]}},
    {
        "ModelApprovalStatus": "Rejected",
        "InferenceSpecification": {
            "Containers": [
                {
                    "Image": "i",
                    "ModelDataSource": {
                        "S3DataSource": {"S3Uri": "s3://b/2/", "S3DataType": "S3Prefix", "CompressionType": "None"}
                    },
                }
            ]
        },
    },
]


@pytest.fixture
def sagemaker() -> Any:
    return boto3.client("sagemaker", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")


def _stubbed(client: Any, packages: list[dict[str, Any]]) -> Stubber:
    """Answers whose members botocore has checked against SageMaker's model."""
    common = {"ModelPackageStatus": "Completed", "CreationTime": AT}
    arns = [f"{GROUP}/{number}" for number in range(len(packages), 0, -1)]
    stubber = Stubber(client)
    summaries = [{"ModelPackageArn": arn, **common} for arn in arns]
    stubber.add_response("list_model_packages", {"ModelPackageSummaryList": summaries})
    for arn, package in zip(arns, packages, strict=True):
        described = {"ModelPackageName": "p", "ModelPackageStatusDetails": {"ValidationStatuses": []}, **common}
        stubber.add_response("describe_model_package", {**described, "ModelPackageArn": arn, **package})
    return stubber


def test_versions_of_others_are_listed_and_never_chosen(sagemaker: Any):
    with _stubbed(sagemaker, [*OTHERS, OWN]):
        found = registered(sagemaker, "signpost-vehicle")

    assert [model.made_by_signpost for model in found] == [False, False, False, False, True]
    assert [model.version for model in found] == ["5", "4", "3", "2", "20260101.1"]
    assert [model.location for model in found] == ["", "", "", "s3://b/2/", "s3://models/own.tar.gz"]
    assert [model.status for model in found][2] == "Completed"
    assert newest(found, "Approved").version == "20260101.1"
    with pytest.raises(DeploymentError, match=r"4 \(PendingManualApproval, not made by Signpost\)"):
        newest(found, "PendingManualApproval")
    json.dumps([vars(model) for model in found], default=str)


def test_endpoints_of_others_are_named(sagemaker: Any):
    stubber = Stubber(sagemaker)
    names = ["signpost-vehicle", "jumpstart-dft"]
    listed = [
        {
            "EndpointName": name,
            "EndpointArn": f"arn:aws:sagemaker:us-east-1:123456789012:endpoint/{name}",
            "CreationTime": AT,
            "LastModifiedTime": AT,
            "EndpointStatus": "InService",
        }
        for name in names
    ]
    stubber.add_response("list_endpoints", {"Endpoints": listed})
    stubber.add_client_error("list_endpoints", "AccessDeniedException")
    deployment = Deployment({"VehicleEndpoint": "signpost-vehicle"})
    with stubber:
        assert deployment.other_endpoints(sagemaker) == {"jumpstart-dft": "InService"}
        # Who may not list endpoints sees those of the app.
        assert deployment.other_endpoints(sagemaker) == {}


@pytest.mark.parametrize(
    ("packages", "expected"),
    [([OTHERS[0], OWN], "s3://models/own.tar.gz"), (OTHERS, None), ([OWN], "s3://models/own.tar.gz"), ([], None)],
    ids=["behind another", "others only", "its own", "none"],
)
def test_the_training_machine_compares_with_a_version_of_its_own(packages: list[dict[str, Any]], expected: str | None):
    # GIVEN the states that look for the model in production
    states = of_registry("end")
    listing, question, description = states[START], states["Any approved?"], states["Read the last approved"]
    variables: dict[str, Any] = {"production": "before"}
    listed = {"ModelPackageSummaryList": [{"ModelPackageArn": str(place)} for place in range(len(packages))]}
    variables |= _assigned(listing, variables, listed)
    # WHEN they run, as Step Functions runs them
    while _evaluated(question["Choices"][0]["Condition"], variables, None):
        place = _evaluated(description["Arguments"]["ModelPackageName"], variables, None)
        assert description["Next"] == "Any approved?"
        variables |= _assigned(description, variables, packages[int(place)])
    # THEN that of another program is passed over
    assert variables["production"] == expected


def _assigned(state: dict[str, Any], variables: dict[str, Any], result: Any) -> dict[str, Any]:
    return {name: _evaluated(value, variables, result) for name, value in state["Assign"].items()}


def _evaluated(text: Any, variables: dict[str, Any], result: Any) -> Any:
    if not isinstance(text, str):
        return text
    expression = jsonata.Jsonata(text.removeprefix("{%").removesuffix("%}"))
    frame = expression.create_frame()
    for name, value in {**variables, "states": {"result": result}}.items():
        frame.bind(name, jsonata.Utils.NULL_VALUE if value is None else value)
    return expression.evaluate(None, frame)
