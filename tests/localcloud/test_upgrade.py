"""An upgrade from release 0.1.0, with data in it: nothing is replaced or lost, and what it wrote is still read."""

import io
import json
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from localcloud import deploy
from signpost.aws.files import Bucket
from signpost.capture.endpoints import classifier_of
from signpost.capture.json_lines import Lines
from signpost.capture.records import CapturedRecord
from signpost.routing.contracts import Decision, Outcome
from tests.conftest import ROOT
from tests.infrastructure.stateful import TYPES
from tests.localcloud.deployed_app import App, Examples
from tests.localcloud.running_cloud import Cloud, wait_for

pytestmark = pytest.mark.slow

# The tag, and the commit for checkouts without tags.
RELEASES = ("v0.1.0", "704a0cc3cd6aeec43c55fd6176996058ad646471")
STACKS = ("storage", "inference", "routing", "training", "api")
OLD_ENDPOINT, NEW_ENDPOINT = "upgraded-vehicle", "upgraded-vehicle-realtime-m5-large"
SETTINGS = """
[app]
name = "upgraded"
default_classifier = "vehicle"

[classifiers.vehicle]
model = "{release}/models/vehicle"
[classifiers.vehicle.routes]
near = { labels = ["bicycle"] }
far = { labels = ["motorcycle"] }
[classifiers.vehicle.training]
archives = ["images.tar.gz"]
"""


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """The source of release 0.1.0."""
    for revision in RELEASES:
        command = ["git", "archive", "--format=tar", revision]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
        if done.returncode == 0:
            with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
                archive.extractall(tmp_path / "release", filter="data")
            return tmp_path / "release"
    pytest.skip("the history has neither the tag v0.1.0 nor its commit: a shallow clone, or no checkout of git")


def test_an_upgrade_keeps_resources_and_data(
    cloud: Cloud,
    deploy_app: Callable[[Path], App],
    release: Path,
    tmp_path: Path,
    examples: Examples,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = tmp_path / "signpost.toml"
    settings.write_text(SETTINGS.replace("{release}", str(release)))
    # GIVEN release 0.1.0 with decisions, messages, captured data, corrections and a registered model
    with monkeypatch.context() as patched:
        patched.setattr(deploy, "CHECKOUT", release)
        former = deploy_app(settings)
    event = former.put(examples.one("nearby-orders"))
    decision = former.router.route_event(event)
    captured = former.where["CapturedBucket"]
    lines = Lines(Bucket(cloud.client("s3"), captured))
    wait_for(lambda: list(lines.records(f"capture/{OLD_ENDPOINT}/")))
    correct(cloud, captured, decision)
    package = register(cloud, former)
    resources = physical_ids(cloud)
    assert any("inference" in name for name in endpoints(cloud))
    # WHEN this release is deployed over it
    app = deploy_app(settings)
    # THEN every resource that holds data is the one that it was, and the former endpoint is gone
    assert {name: physical_ids(cloud).get(name) for name in resources} == resources
    assert list(endpoints(cloud).values()) == [NEW_ENDPOINT]
    # AND what was written before is read
    assert app.router.route_event(event) == decision
    assert [kept.decision_id for kept in app.messages("QueueVehicleNear", decision.decision_id)] == [
        decision.decision_id
    ]
    assert archived(cloud, app, decision) == decision
    assert [record.decision_id for record in lines.records(f"capture/{OLD_ENDPOINT}/")] == [decision.decision_id]
    assert classifier_of(app.settings, OLD_ENDPOINT) == "vehicle"
    assert lines.corrections("corrections/").agreed == {decision.decision_id: "motorcycle"}
    assert cloud.client("sagemaker").describe_model_package(ModelPackageName=package)["ModelPackageVersion"] == 1
    # AND new images are decided and captured under the new name
    again = app.router.route_event(app.put(examples.one("distant-orders")))
    assert (again.outcome, again.route) == (Outcome.ROUTED, "far")

    def new_records() -> list[CapturedRecord]:
        return list(lines.records(f"capture/{NEW_ENDPOINT}/"))

    assert [record.decision_id for record in wait_for(new_records)] == [again.decision_id]


def physical_ids(cloud: Cloud) -> dict[str, str]:
    """Physical id of every resource that holds data or has a name that others know, by stack and logical id."""
    pages = cloud.client("cloudformation").get_paginator("list_stack_resources")
    return {
        f"{stack}/{resource['LogicalResourceId']}": resource["PhysicalResourceId"]
        for stack in STACKS
        if stack != "inference"
        for page in pages.paginate(StackName=f"upgraded-{stack}")
        for resource in page["StackResourceSummaries"]
        if resource["ResourceType"] in TYPES
    }


def endpoints(cloud: Cloud) -> dict[str, str]:
    """Name of each endpoint, by its stack and logical id."""
    cloudformation = cloud.client("cloudformation")
    deployed = {stack["StackName"] for stack in cloudformation.describe_stacks()["Stacks"]}
    return {
        f"{stack}/{resource['LogicalResourceId']}": resource["PhysicalResourceId"].rpartition("/")[2]
        for stack in STACKS
        if f"upgraded-{stack}" in deployed
        for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=f"upgraded-{stack}")
        for resource in page["StackResourceSummaries"]
        if resource["ResourceType"] == "AWS::SageMaker::Endpoint"
    }


def correct(cloud: Cloud, bucket: str, decision: Decision) -> None:
    """Write a correction as release 0.1.0 did."""
    correction = {
        "groundTruthData": {"data": "motorcycle", "encoding": "CSV"},
        "eventMetadata": {
            "eventId": decision.decision_id,
            "correctionId": "00000000-0000-4000-8000-000000000000",
            "correctedBy": "reviewer",
            "correctedAt": "2026-01-02T03:04:05Z",
        },
        "eventVersion": "0",
    }
    key = "corrections/2026/01/02/03/04-05-00000000-0000-4000-8000-000000000000.jsonl"
    cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=json.dumps(correction).encode() + b"\n")


def register(cloud: Cloud, app: App) -> str:
    """Register a model package and return its ARN."""
    container = {"Image": "local", "ModelDataUrl": f"s3://{app.where['ModelsBucket']}/model.tar.gz"}
    types: dict[str, Any] = {
        "SupportedContentTypes": ["image/png"],
        "SupportedResponseMIMETypes": ["application/json"],
    }
    made = cloud.client("sagemaker").create_model_package(
        ModelPackageGroupName="upgraded-vehicle", InferenceSpecification={"Containers": [container], **types}
    )
    return made["ModelPackageArn"]


def archived(cloud: Cloud, app: App, decision: Decision) -> Decision:
    """The decision as it is in S3."""
    s3, bucket = cloud.client("s3"), app.where["DecisionsBucket"]
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="decisions/")
    (key,) = (o["Key"] for page in pages for o in page.get("Contents", []) if decision.decision_id in o["Key"])
    return Decision.model_validate_json(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
