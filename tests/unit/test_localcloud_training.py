"""Parts of a training job: what a host is, what is read from S3 and kept there, what its record says."""

import logging
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from localcloud.permissions import resource_arn
from localcloud.sagemaker.training_checkpoints import Checkpoints
from localcloud.sagemaker.training_host import Host, stop
from localcloud.sagemaker.training_ports import PORTS_PER_HOST, addresses
from localcloud.sagemaker.training_record import JobRecord
from localcloud.sagemaker.training_request import Channel, Place
from localcloud.sagemaker.training_storage import TransferError, download, files_in, relative_path
from tests.unit.stored_objects import StoredObjects

# Ignores SIGTERM, as does the child that it starts.
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""
REQUEST: dict[str, Any] = {"AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"}}


@pytest.fixture
def bucket(s3_client: Any) -> StoredObjects:
    return StoredObjects(s3_client, "bucket")


@pytest.fixture
def put(s3_client: Any) -> Iterator[list[str]]:
    """Keys of what is put, in order."""
    keys: list[str] = []

    def remember(params: dict[str, Any], **_: Any) -> None:
        keys.append(params["Key"])

    s3_client.meta.events.register("provide-client-params.s3.PutObject", remember)
    yield keys
    s3_client.meta.events.unregister("provide-client-params.s3.PutObject", remember)


def test_a_host_that_ignores_the_signal_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    lines: list[str] = []
    said = threading.Event()
    pid_file = tmp_path / "algo-1.pid"

    def on_line(line: str) -> None:
        lines.append(line)
        said.set()

    host = Host("algo-1", on_line, pid_file)
    host.start({}, [sys.executable, "-c", STUBBORN])
    assert said.wait(30)
    assert pid_file.exists()
    stop([host], lambda: 0.2, lambda: None)
    assert host.exit_code == 137
    assert not pid_file.exists()
    with pytest.raises(ProcessLookupError):
        os.killpg(int(lines[0]), 0)


def test_a_host_that_ended_keeps_its_exit_code_and_its_last_words(tmp_path: Path) -> None:
    lines: list[str] = []
    ended = threading.Event()
    host = Host("algo-1", lines.append, tmp_path / "pid")
    # A progress bar, and an error without the end of a line.
    host.start({}, [sys.executable, "-c", "import sys; sys.stderr.write('1 %\\r2 %\\rbroken'); sys.exit(7)"])
    while host.exit_code is None:
        ended.wait(0.01)
    stop([host], lambda: 30, lambda: None)
    assert [line.strip() for line in lines] == ["1 %", "2 %", "broken"]
    assert host.exit_code == 7


@pytest.mark.parametrize(
    ("prefix", "key", "path"),
    [
        ("data", "data/a/b.txt", "a/b.txt"),
        ("data/", "data/a/b.txt", "a/b.txt"),
        ("data/a/b.txt", "data/a/b.txt", "b.txt"),
        ("data/pic", "data/pictures/1.png", "pictures/1.png"),
        ("", "a.txt", "a.txt"),
    ],
)
def test_an_object_goes_where_its_key_says_below_the_prefix(prefix: str, key: str, path: str) -> None:
    assert str(relative_path(prefix, key)) == path


@pytest.mark.parametrize("key", ["data/../x", "data//x", "data/./x", "data/a/../../x", "data/\0"])
def test_a_key_can_not_lead_out_of_its_folder(tmp_path: Path, bucket: StoredObjects, key: str) -> None:
    bucket[key] = b"x"
    channel = Channel("data", Place("s3://bucket/data", "bucket", "data"), sharded=False, content_type="")
    with pytest.raises(TransferError, match="can't be the name of a file"):
        download(bucket.client, channel, [tmp_path / "data"])


def test_two_keys_of_which_one_is_a_folder_of_the_other_are_a_failed_download(
    tmp_path: Path, bucket: StoredObjects
) -> None:
    bucket.update({"data/a": b"x", "data/a/b": b"x"})
    channel = Channel("data", Place("s3://bucket/data", "bucket", "data"), sharded=False, content_type="")
    with pytest.raises(TransferError, match="Data download failed"):
        download(bucket.client, channel, [tmp_path])


def test_links_are_no_artefacts(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_text("x")
    (tmp_path / "link").symlink_to("/etc/hostname")
    assert files_in(tmp_path) == [tmp_path / "deep" / "file"]


def test_checkpoints_are_kept_oldest_first_and_only_when_they_changed(
    tmp_path: Path, bucket: StoredObjects, put: list[str]
) -> None:
    checkpoints = Checkpoints(bucket.client, Place("s3://bucket/c/", "bucket", "c/"), [tmp_path])
    for moment, name in ((20, "index"), (10, "weights")):
        (tmp_path / name).write_text(name)
        os.utime(tmp_path / name, (moment, moment))
    checkpoints.keep()
    assert put == ["c/weights", "c/index"]
    (tmp_path / "index").write_text("another")
    checkpoints.keep()
    assert put == ["c/weights", "c/index", "c/index"]


def test_a_checkpoint_that_can_not_be_kept_is_tried_again(
    tmp_path: Path, s3_client: Any, caplog: pytest.LogCaptureFixture
) -> None:
    # GIVEN a bucket that is not there
    checkpoints = Checkpoints(s3_client, Place("s3://bucket/c", "bucket", "c"), [tmp_path])
    (tmp_path / "weights").write_text("x")
    with caplog.at_level(logging.WARNING):
        checkpoints.keep()
    assert "can't be kept at s3://bucket/c" in caplog.text
    # WHEN there is one
    bucket = StoredObjects(s3_client, "bucket")
    checkpoints.keep()
    # THEN the checkpoint is in it
    assert list(bucket) == ["c/weights"]


def test_restored_checkpoints_are_on_every_host_and_not_put_again(
    tmp_path: Path, bucket: StoredObjects, put: list[str]
) -> None:
    bucket["c/step/1"] = b"c/step/1"
    put.clear()
    hosts = [tmp_path / "algo-1", tmp_path / "algo-2"]
    checkpoints = Checkpoints(bucket.client, Place("s3://bucket/c", "bucket", "c"), hosts)
    checkpoints.restore()
    assert [(host / "step" / "1").read_text() for host in hosts] == ["c/step/1"] * 2
    checkpoints.keep()
    assert put == []


def test_hosts_get_ports_of_their_own() -> None:
    with addresses(["algo-1", "algo-2"]) as first, addresses(["algo-1"]) as second:
        ports = [int(address.rpartition(":")[2]) for address in (*first.values(), *second.values())]
        taken = [port + offset for port in ports for offset in range(PORTS_PER_HOST)]
    assert len(set(taken)) == 3 * PORTS_PER_HOST


def test_billable_time_leaves_out_the_time_without_an_instance() -> None:
    record = JobRecord(SimpleNamespace(), REQUEST, threading.RLock())
    record.start_billing()
    started = record._record.training_start_time
    record.pause_billing()
    # As if the next instance came an hour later.
    record._record.training_start_time = started.replace(year=started.year - 1)
    record.end("Completed", "Completed")
    assert record._record.billable_time_in_seconds == 0
    assert record._record.training_time_in_seconds >= 365 * 86_400


def test_a_record_is_the_same_after_a_restart() -> None:
    record = JobRecord(SimpleNamespace(), REQUEST, threading.RLock())
    record.enter("Training")
    record.end("Failed", "Failed", "x" * 2000)
    again = JobRecord(SimpleNamespace(), REQUEST, threading.RLock())
    again.restore(record.state())
    assert again.state() == record.state()
    assert len(again._record.failure_reason) == 1024
    assert all(transition["EndTime"] for transition in again._record.secondary_status_transitions)


ARN = "arn:aws:sagemaker:r:a:"


@pytest.mark.parametrize(
    ("operation", "body", "arn"),
    [
        ("CreateTrainingJob", '{"TrainingJobName": "Job-1"}', f"{ARN}training-job/job-1"),
        ("ListTrainingJobs", "{}", "*"),
        ("CreateModelPackageGroup", '{"ModelPackageGroupName": "G"}', f"{ARN}model-package-group/G"),
        ("CreateModelPackage", '{"ModelPackageGroupName": "g"}', f"{ARN}model-package/g/*"),
        (
            "CreateModelPackage",
            f'{{"ModelPackageGroupName": "{ARN}model-package-group/g"}}',
            f"{ARN}model-package/g/*",
        ),
        ("DescribeModelPackage", '{"ModelPackageName": "g/2"}', f"{ARN}model-package/g/2"),
        ("UpdateModelPackage", f'{{"ModelPackageArn": "{ARN}model-package/g/2"}}', f"{ARN}model-package/g/2"),
        ("ListModelPackages", '{"ModelPackageGroupName": "g"}', "*"),
        ("AddTags", f'{{"ResourceArn": "{ARN}training-job/j", "Tags": []}}', f"{ARN}training-job/j"),
        ("ListTags", f'{{"ResourceArn": "{ARN}training-job/j"}}', f"{ARN}training-job/j"),
        ("CreateModel", '{"ModelName": "M", "PrimaryContainer": {}}', f"{ARN}model/m"),
        ("CreateModel", "[]", "*"),
        ("CreateModel", "no JSON", "*"),
    ],
)
def test_the_resource_of_a_request(operation: str, body: str, arn: str) -> None:
    assert resource_arn("sagemaker", "/", body.encode(), "r", "a", operation) == arn
