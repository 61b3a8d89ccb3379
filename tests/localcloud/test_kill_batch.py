"""`kill -9` of the local cloud in the middle of a batch of 200: nothing is lost, nothing is done twice."""

import json
import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud import deploy, process
from signpost.settings.file import load_settings
from tests.conftest import ROOT
from tests.localcloud.deployed_app import App, Examples
from tests.localcloud.running_cloud import Cloud, free_port, wait_for

pytestmark = pytest.mark.slow
SETTINGS = ROOT / "signpost.toml"


@pytest.fixture
def own_app(tmp_path: Path) -> Iterator[App]:
    """The app on a cloud of its own, which the test may kill."""
    app = start(tmp_path)
    deploy.bootstrap(app.cloud.port, tmp_path, _ignore, tmp_path / "deploy.log")
    deploy.deploy(app.cloud.port, tmp_path, _ignore, tmp_path / "deploy.log", SETTINGS)
    yield app
    process.stop(tmp_path)


def _ignore(_: str) -> None:
    """Show no progress: the log has it."""


def start(state_dir: Path) -> App:
    running = process.start(state_dir, None if process.read(state_dir) else free_port())
    return App(Cloud(running.port, state_dir, running.pid), load_settings(SETTINGS))


def test_a_kill_in_the_middle_of_a_batch_loses_and_doubles_nothing(own_app: App, examples: Examples) -> None:
    # GIVEN a batch of 200 images of which some are decided, a correction, and captured records
    app, prefix = own_app, "batches/killed/"
    captures = app.where["CapturedBucket"]
    app.cloud.client("s3").put_object(Bucket=captures, Key="corrections/one.jsonl", Body=b"{}")
    keys = [app.put(data, f"{prefix}{index:03d}.jpg")["s3_key"] for index, data in enumerate(examples.many(200))]
    batch = app.start_batch({"prefix": prefix})
    wait_for(lambda: len(archived(app)) >= 60, 240)
    # WHEN the cloud is killed, started again, and what failed is routed again
    os.kill(app.cloud.pid, signal.SIGKILL)
    before = wait_for(lambda: process.status(app.cloud.state_dir) is None and archived(app))
    app = start(app.cloud.state_dir)
    assert (running := process.status(app.cloud.state_dir))
    assert "killed" in running.notice
    assert app.end_of_batch(batch)["status"] == "SUCCEEDED"
    app.wait_for_endpoint()
    list(app.router.redrive())
    # THEN every image has one message, and one decision that is archived and was captured
    assert app.decided_keys(prefix) == keys
    assert app.faults() == []
    assert before <= archived(app)
    assert len(archived(app)) == 200
    captured = captured_ids(app, captures)
    assert set(captured) == archived(app)
    # An image that was being classified may have been classified again.
    assert sum(captured.values()) - len(captured) <= 8
    body = app.cloud.client("s3").get_object(Bucket=captures, Key="corrections/one.jsonl")["Body"].read()
    assert body == b"{}"


def archived(app: App) -> set[str]:
    """Ids of the decisions in the archive, read from the disk: the cloud may be down."""
    folder = app.cloud.state_dir / "s3" / app.cloud.account / app.where["DecisionsBucket"] / "decisions"
    return {file.stem for file in folder.rglob("*.json") if not file.name.endswith(".meta.json")}


def captured_ids(app: App, bucket: str) -> Counter[str]:
    """How often each decision was captured."""
    s3 = app.cloud.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="capture/")
    keys = [item["Key"] for page in pages for item in page.get("Contents", []) if item["Key"].endswith(".jsonl")]
    lines = [line for key in keys for line in s3.get_object(Bucket=bucket, Key=key)["Body"].iter_lines()]
    metadata = (json.loads(line)["eventMetadata"] for line in lines)
    # A request that only asks whether the endpoint answers has no id.
    return Counter(found["inferenceId"] for found in metadata if "inferenceId" in found)
