"""``signpost doctor`` finds what would stop a start or a deployment, and says what to do."""

import json
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws
from typer.testing import CliRunner

from cli import doctor
from cli.main import app
from signpost.aws.doctor import machine
from signpost.aws.doctor.account import account_checks, identity_checks
from signpost.aws.doctor.findings import Finding, Status, run
from signpost.aws.doctor.machine import machine_checks
from signpost.aws.doctor.quotas import needed_instances, quota_checks
from signpost.settings.file import Settings, load_settings
from tests.conftest import ROOT

ENDPOINT, SPOT = "ml.m5.large for endpoint usage", "ml.c5.2xlarge for spot training job usage"
ENOUGH = {ENDPOINT: 8.0, SPOT: 1.0}


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load_settings(ROOT / "signpost.toml")


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An empty account in eu-west-1, as moto has it."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield lambda service: boto3.client(service, region_name="eu-west-1")


def _quotas(values: dict[str, float], concurrency: float = 1000) -> Any:
    """A client of Service Quotas that answers so, checked against botocore's model."""
    client = boto3.client(
        "service-quotas", region_name="eu-west-1", aws_access_key_id="testing", aws_secret_access_key="testing"
    )
    stubber = Stubber(client)
    lambda_quota = {"ServiceCode": "lambda", "QuotaCode": "L-B99A9384"}
    stubber.add_response("get_service_quota", {"Quota": {"Value": concurrency, **lambda_quota}}, lambda_quota)
    pages = [[{"QuotaName": name, "Value": value}] for name, value in values.items()] or [[]]
    for number, page in enumerate(pages):
        answer = {"Quotas": page} | ({"NextToken": str(number)} if number + 1 < len(pages) else {})
        asked = {"ServiceCode": "sagemaker"} | ({"NextToken": str(number - 1)} if number else {})
        stubber.add_response("list_service_quotas", answer, asked)
    for service in ("wafv2", "cognito-idp"):
        stubber.add_response("list_service_quotas", {"Quotas": []}, {"ServiceCode": service})
    stubber.activate()
    return client


def _check_quotas(settings: Settings, account: Any, values: dict[str, float], concurrency: float = 1000):
    quotas = _quotas(values, concurrency)
    checks = quota_checks(settings, lambda service: quotas if service == "service-quotas" else account(service))
    return {finding.check: finding for finding in run(checks)}


def test_instances_count_twice_while_an_update_replaces_them(settings: Settings):
    assert settings.classifiers["vehicle"].endpoint.max_instances == 4
    assert needed_instances(settings) == {ENDPOINT: 8, SPOT: 1}


def test_quotas_that_are_large_enough_are_fine(settings: Settings, account: Any):
    found = _check_quotas(settings, account, {"other": 1, ENDPOINT: 8, SPOT: 1})

    assert {finding.status for finding in found.values()} == {Status.OK}
    assert found[ENDPOINT].message == "8 allowed, 8 needed"
    assert found["firewall"].message == "0 of 100 web ACLs are used"


def test_quotas_of_a_new_account_are_named_with_what_to_do(settings: Settings, account: Any):
    found = _check_quotas(settings, account, {ENDPOINT: 0}, concurrency=10)

    assert (found["lambda"].status, found[ENDPOINT].status) == (Status.WARNING, Status.FAILURE)
    assert found["lambda"].message == "10 concurrent executions of functions in the account"
    assert found[ENDPOINT].message == "0 allowed, 8 needed"
    assert found[ENDPOINT].advice.endswith("/servicequotas/home/services/sagemaker/quotas")
    assert (found[SPOT].status, found[SPOT].advice) == (Status.WARNING, "Check the instance type.")


def test_user_pools_are_counted_where_one_is_needed(settings: Settings, account: Any):
    cognito = settings.model_copy(update={"api": settings.api.model_copy(update={"authorisation": "cognito"})})
    pools = boto3.client("cognito-idp", region_name="eu-west-1")
    stubber = Stubber(pools)
    stubber.add_response("list_user_pools", {"UserPools": [{"Name": "one"}], "NextToken": "n"}, {"MaxResults": 60})
    stubber.add_response("list_user_pools", {"UserPools": []}, {"MaxResults": 60, "NextToken": "n"})
    stubber.activate()

    found = _check_quotas(cognito, lambda name: pools if name == "cognito-idp" else account(name), ENOUGH)

    assert found["cognito"].message == "1 of 1,000 user pools are used"
    assert "cognito" not in _check_quotas(settings, account, ENOUGH)


@pytest.mark.parametrize(
    ("version", "status", "advice"),
    [(None, Status.FAILURE, "Run `npx cdk bootstrap`."), ("5", Status.FAILURE, "Run `npx cdk bootstrap`."),
     ("30", Status.OK, "")],
)  # fmt: skip
def test_the_bootstrap_must_be_new_enough(version: str | None, status: Status, advice: str, settings, account: Any):
    if version:
        account("ssm").put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value=version, Type="String")

    [found] = run({"bootstrap": account_checks(settings, account)["bootstrap"]})

    assert (found.status, found.advice) == (status, advice)


def test_caller_and_region_are_shown(account: Any):
    found = {finding.check: finding.message for finding in run(identity_checks(account))}

    assert found["region"] == "eu-west-1"
    assert "123456789012" in found["credentials"]


@pytest.mark.usefixtures("account")
def test_a_redirected_endpoint_and_a_missing_region_are_failures(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:4566")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    session = boto3.session.Session()

    endpoint, region, _ = run(identity_checks(lambda service: session.client(service)))

    assert (endpoint.status, endpoint.advice) == (Status.FAILURE, "Run `unset AWS_ENDPOINT_URL_S3`.")
    assert (region.check, region.status) == ("region", Status.FAILURE)


@pytest.mark.usefixtures("account")
def test_missing_credentials_are_a_failure():
    sts = boto3.client("sts", region_name="eu-west-1")
    stubber = Stubber(sts)
    stubber.add_client_error("get_caller_identity", "ExpiredToken", "The security token is expired.")
    stubber.activate()

    [found] = run({"credentials": identity_checks(lambda _: sts)["credentials"]})

    assert (found.status, found.advice) == (Status.FAILURE, "Sign in, for instance by `aws sso login`.")
    assert "expired" in found.message


def _local(root: Path, state: Path, port: int = 0) -> dict[str, Finding]:
    return {finding.check: finding for finding in run(machine_checks(root, state, port))}


def test_this_machine_passes(tmp_path: Path):
    found = _local(ROOT, tmp_path / "state")

    assert [finding for finding in found.values() if finding.status is Status.FAILURE] == []
    assert list(found) == ["settings", "python", "disk", "state folder", "node", "environment", "checkout", "port"]


def test_what_would_fail_here_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    text = (ROOT / "signpost.toml").read_text(encoding="utf-8").replace("burst = 100", 'burst = "100"')
    (tmp_path / "signpost.toml").write_text(text, encoding="utf-8")
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "demo.txt").touch()
    (tmp_path / "file").touch()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**10, 10**10, 10**9))
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        found = _local(tmp_path, tmp_path / "file" / "state", taken.getsockname()[1])

    failed = {name for name, finding in found.items() if finding.status is Status.FAILURE}
    assert failed == {"settings", "disk", "node"}
    assert "api.burst" in found["settings"].message
    assert found["port"].status is found["environment"].status is found["state folder"].status is Status.WARNING


@pytest.mark.parametrize(
    ("installed", "outputs", "status"),
    [
        (False, {}, Status.FAILURE),
        (True, {}, Status.FAILURE),
        (True, {"info": '[["driver-type","io.containerd.snapshotter.v1"]]', "buildx": "v0.20"}, Status.WARNING),
        (True, {"info": '[["Backing Filesystem","extfs"]]', "buildx": "v0.20"}, Status.OK),
        (True, {"info": '[["Backing Filesystem","extfs"]]'}, Status.FAILURE),
    ],
)
def test_docker_is_asked_for_the_kind_of_its_images(
    installed: bool, outputs: dict[str, str], status: Status, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/docker" if installed else None)
    monkeypatch.setattr(machine, "_output", lambda command: outputs.get(command[1], ""))

    [found] = machine.docker(settings)

    assert found.status is status
    assert bool(found.advice) == (status is not Status.OK)


def test_the_command_prints_a_line_for_each_check_or_json(monkeypatch: pytest.MonkeyPatch):
    good = Finding("python", Status.OK, "Python 3.11")
    bad = Finding("disk", Status.FAILURE, "1 GB is free", "Free 5 GB.")
    monkeypatch.setattr(doctor, "local_checks", lambda: {"all": lambda: [good, bad]})

    text, lines = CliRunner().invoke(app, ["doctor"]), CliRunner().invoke(app, ["doctor", "--json"])

    assert text.stdout.splitlines() == ["ok       python: Python 3.11", "failure  disk: 1 GB is free. Free 5 GB."]
    assert [json.loads(line)["status"] for line in lines.stdout.splitlines()] == ["ok", "failure"]
    assert (text.exit_code, lines.exit_code) == (1, 1)


def test_up_starts_nothing_where_it_would_fail(monkeypatch: pytest.MonkeyPatch):
    good = Finding("python", Status.OK, "Python 3.11")
    bad = Finding("disk", Status.FAILURE, "1 GB is free", "Free 5 GB.")
    monkeypatch.setattr(doctor, "local_checks", lambda: {"all": lambda: [good, bad]})

    done = CliRunner().invoke(app, ["up"])

    assert done.stdout.splitlines() == ["failure  disk: 1 GB is free. Free 5 GB."]
    assert "nothing was started" in str(done.exception)
