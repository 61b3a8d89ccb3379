"""`signpost destroy`: a deployment that was used is deleted, and the next one works."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from localcloud.credentials import client_environment
from signpost.aws import clients, removal
from signpost.routing.contracts import Outcome
from tests.conftest import ROOT
from tests.localcloud.deployed_app import App, Examples
from tests.localcloud.running_cloud import Cloud

pytestmark = pytest.mark.slow

SETTINGS = f"""
[app]
name = "leaving"
default_classifier = "vehicle"

[classifiers.vehicle]
model = "{ROOT}/models/vehicle"
[classifiers.vehicle.routes]
near = {{ labels = ["bicycle"] }}
far = {{ labels = ["motorcycle"] }}
[classifiers.vehicle.training]
archives = ["images.tar.gz"]
"""


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    file = tmp_path / "signpost.toml"
    file.write_text(SETTINGS)
    return file


def test_a_used_deployment_is_deleted_and_the_next_one_works(
    cloud: Cloud,
    deploy_app: Callable[[Path], App],
    settings: Path,
    examples: Examples,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in client_environment(cloud.port, cloud.state_dir).items():
        monkeypatch.setenv(name, value)
    # GIVEN a deployment with a decision, versions of objects and a registered model
    app = deploy_app(settings)
    event = app.put(examples.one("nearby-orders"))
    assert app.router.route_event(event).outcome is Outcome.ROUTED
    s3, sagemaker = cloud.client("s3"), cloud.client("sagemaker")
    s3.delete_object(Bucket=event["s3_bucket"], Key=event["s3_key"])
    sagemaker.create_model_package(ModelPackageGroupName="leaving-vehicle", **package(app))
    role = cloud.client("apigateway").get_account()["cloudwatchRoleArn"]
    # WHEN it is destroyed
    found = removal.plan("leaving", clients.client)
    assert found.kept == []  # on the local cloud
    removal.remove(found, clients.client, lambda _: None)
    # THEN nothing of it is left
    assert removal.plan("leaving", clients.client).stacks == {}
    assert not [bucket for bucket in s3.list_buckets()["Buckets"] if "leaving" in bucket["Name"]]
    assert sagemaker.list_endpoints(NameContains="leaving")["Endpoints"] == []
    groups = sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]
    assert not [group for group in groups if "leaving" in group["ModelPackageGroupName"]]
    scaling = cloud.client("application-autoscaling")
    targets = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert not [target for target in targets if "leaving" in target["ResourceId"]]
    logs = cloud.client("logs").describe_log_groups()["logGroups"]
    assert not [group["logGroupName"] for group in logs if "leaving" in group["logGroupName"]]
    # AND the account's role for logs is as it was, where another app had set it
    left = cloud.client("apigateway").get_account().get("cloudwatchRoleArn")
    assert left == ("" if "leaving" in role else role)
    # AND the next deployment works
    again = deploy_app(settings)
    decision = again.router.route_event(again.put(examples.one("nearby-orders")))
    assert decision.outcome is Outcome.ROUTED
    removal.remove(removal.plan("leaving", clients.client), clients.client, lambda _: None)


def test_the_command_asks_first(app: App) -> None:
    environment = {**os.environ, **app.cloud.environment, "SIGNPOST_STATE": str(app.cloud.state_dir)}
    command = [sys.executable, "-m", "cli.main", "destroy"]
    done = subprocess.run(command, input="n\n", env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "the stack signpost-routing with" in done.stdout
    assert app.where["IncomingBucket"] in done.stdout
    assert app.cloud.client("cloudformation").describe_stacks(StackName="signpost-routing")["Stacks"]


def package(app: App) -> dict[str, object]:
    """What registers a model package."""
    container = {"Image": "local", "ModelDataUrl": f"s3://{app.where['ModelsBucket']}/model.tar.gz"}
    types = {"SupportedContentTypes": ["image/png"], "SupportedResponseMIMETypes": ["application/json"]}
    return {
        "ModelApprovalStatus": "PendingManualApproval",
        "InferenceSpecification": {"Containers": [container], **types},
    }
