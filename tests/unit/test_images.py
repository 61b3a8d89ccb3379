"""``signpost image``: what is built, what is written into the settings, and what is said when it fails."""

import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.stub import Stubber
from typer.testing import CliRunner

from cli import image, settings_file
from cli.main import app
from signpost.aws import container_images
from signpost.errors import DeploymentError
from signpost.settings.file import load_settings
from tests.conftest import ROOT

ACCOUNT = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
DIGEST = f"sha256:{'0a' * 32}"


class Cloud:
    """CodeBuild and ECR, whose answers are given beforehand."""

    def __init__(self) -> None:
        keys = {"aws_access_key_id": "x", "aws_secret_access_key": "y", "region_name": "us-east-1"}
        self.clients = {name: boto3.client(name, **keys) for name in ("codebuild", "ecr")}
        self.codebuild, self.ecr = (Stubber(client) for client in self.clients.values())

    def has_project(self, kind: str) -> None:
        variables = {"REPOSITORY": f"{ACCOUNT}/{kind}", "TAG": f"{kind}-hash"}
        environment = {
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": [{"name": name, "value": value} for name, value in variables.items()],
        }
        asked = {"names": [f"signpost-image-{kind}"]}
        self.codebuild.add_response("batch_get_projects", {"projects": [{"environment": environment}]}, asked)

    def has_image(self, kind: str) -> None:
        asked = {"repositoryName": kind, "imageIds": [{"imageTag": f"{kind}-hash"}]}
        self.ecr.add_response("describe_images", {"imageDetails": [{"imageDigest": DIGEST}]}, asked)

    def has_no_image(self) -> None:
        self.ecr.add_client_error("describe_images", "ImageNotFoundException")

    def builds(self, kind: str, **ended: object) -> None:
        under_way = {"id": "a:1", "buildStatus": "IN_PROGRESS", "currentPhase": "DOWNLOAD_SOURCE"}
        self.codebuild.add_response("start_build", {"build": under_way}, {"projectName": f"signpost-image-{kind}"})
        self.codebuild.add_response("batch_get_builds", {"builds": [under_way]}, {"ids": ["a:1"]})
        self.codebuild.add_response("batch_get_builds", {"builds": [{"id": "a:1", **ended}]}, {"ids": ["a:1"]})


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the committed settings, which the command reads and writes."""
    file = tmp_path / "signpost.toml"
    shutil.copy(ROOT / "signpost.toml", file)
    monkeypatch.setattr(image, "settings", lambda: load_settings(file))
    monkeypatch.setattr(settings_file, "FILE", file)
    return file


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    made = Cloud()
    monkeypatch.setattr(image.clients, "client", made.clients.__getitem__)
    monkeypatch.setattr(container_images, "_POLL_SECONDS", 0)
    with made.codebuild, made.ecr:
        yield made
    made.codebuild.assert_no_pending_responses()
    made.ecr.assert_no_pending_responses()


def test_what_is_built_is_named_by_its_digest_and_the_rest_of_the_file_stays(settings: Path, cloud: Cloud):
    # GIVEN a server that is not built yet, and an image for training that is
    before = settings.read_text()
    cloud.has_project("server")
    cloud.has_no_image()
    cloud.builds("server", buildStatus="SUCCEEDED")
    cloud.has_image("server")
    cloud.has_project("training")
    cloud.has_image("training")
    # WHEN
    done = CliRunner().invoke(app, ["image"])
    # THEN
    assert done.exit_code == 0, done.output
    written = settings.read_text()
    server, training = (f'image_uri = "{ACCOUNT}/{kind}@{DIGEST}"\n' for kind in ("server", "training"))
    assert written.count(server) == 1
    assert written.count(training) == 2
    assert written.replace(server, "").replace(training, "") == before
    found = tomllib.loads(written)["classifiers"]
    assert found["vehicle"]["endpoint"]["image_uri"].startswith(f"{ACCOUNT}/server@")
    assert found["dog-breed"]["training"]["image_uri"].startswith(f"{ACCOUNT}/training@")
    # a comment above the next table stays above it
    assert f'capture = ["input", "output"]\n{server}\n# Training in the cloud' in written


def test_a_newer_image_takes_the_place_of_ours_and_not_of_your_own(settings: Path, cloud: Cloud):
    for classifier, uri in (("vehicle", f"{ACCOUNT}/training@sha256:{'0' * 64}"), ("dog-breed", "example.com/own:3")):
        settings_file.write_value(classifier, "training", "image_uri", uri)
    settings_file.write_value("vehicle", "endpoint", "image_uri", "example.com/server:1")
    cloud.has_project("server")
    cloud.has_project("training")
    cloud.has_image("training")
    assert CliRunner().invoke(app, ["image"]).exit_code == 0
    found = tomllib.loads(settings.read_text())["classifiers"]
    assert found["vehicle"]["endpoint"]["image_uri"] == "example.com/server:1"
    assert found["vehicle"]["training"]["image_uri"] == f"{ACCOUNT}/training@{DIGEST}"
    assert found["dog-breed"]["training"]["image_uri"] == "example.com/own:3"


def test_a_build_that_fails_says_why_and_writes_nothing(settings: Path, cloud: Cloud):
    before, log = settings.read_text(), "https://console.aws.amazon.com/cloudwatch/log"
    message = "Error while executing command: docker build. Reason: exit status 1"
    phases = [
        {"phaseType": "PRE_BUILD", "phaseStatus": "SUCCEEDED"},
        {"phaseType": "BUILD", "phaseStatus": "FAILED", "contexts": [{"statusCode": "X", "message": message}]},
        {"phaseType": "COMPLETED"},
    ]
    cloud.has_project("server")
    cloud.has_no_image()
    cloud.builds("server", buildStatus="FAILED", phases=phases, logs={"deepLink": log})
    done = CliRunner().invoke(app, ["image"])
    assert isinstance(done.exception, DeploymentError)
    assert str(done.exception) == f"the build a:1 ended as FAILED; BUILD: {message}; its log: {log}"
    assert settings.read_text() == before


@pytest.mark.usefixtures("settings")
def test_without_a_project_it_says_what_to_deploy(cloud: Cloud):
    cloud.codebuild.add_response("batch_get_projects", {"projects": []})
    done = CliRunner().invoke(app, ["image"])
    assert isinstance(done.exception, DeploymentError)
    assert "npx cdk deploy signpost-image" in str(done.exception)


def test_a_table_that_is_not_there_is_made(settings: Path):
    settings_file.write_value("dog-breed", "endpoint", "image_uri", "example.com/own:3")
    assert load_settings(settings).classifiers["dog-breed"].endpoint.image_uri == "example.com/own:3"
