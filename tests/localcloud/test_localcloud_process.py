"""Local clouds in the background: started, found, stopped, beside one another."""

import contextlib
import os
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from localcloud import process
from tests.localcloud.running_cloud import Cloud, free_port, processes_of_group, wait_for
from tests.localcloud.sagemaker_resources import Resources


@pytest.fixture
def state_dir(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    process.stop(tmp_path)


def test_it_starts_once_and_leaves_no_process(state_dir: Path) -> None:
    assert process.status(state_dir) is None
    running = process.start(state_dir, free_port())
    assert process.is_healthy(running.port)
    assert process.start(state_dir) == running == process.status(state_dir)
    assert process.stop(state_dir)
    assert process.status(state_dir) is None
    assert processes_of_group(running.pid) == []
    assert not process.stop(state_dir)


def test_two_run_side_by_side(state_dir: Path, cloud: Cloud) -> None:
    # GIVEN a port that is taken, by the session's cloud
    with pytest.raises(process.LocalCloudError, match="taken"):
        process.start(state_dir, cloud.port)
    # WHEN no port is asked for, THEN a free one is found, and the two share nothing
    running = process.start(state_dir)
    other = Cloud(running.port, state_dir, running.pid)
    other.client("s3").create_bucket(Bucket="only-here")
    names = [bucket["Name"] for bucket in cloud.client("s3").list_buckets()["Buckets"]]
    assert "only-here" not in names


def test_the_default_port_is_left_to_whoever_has_it(state_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        monkeypatch.setattr(process, "DEFAULT_PORT", other.getsockname()[1])
        assert process.start(state_dir).port != process.DEFAULT_PORT


def test_endpoints_and_objects_survive_a_restart(state_dir: Path) -> None:
    # GIVEN a cloud with an endpoint
    running = process.start(state_dir, free_port())
    resources = Resources(Cloud(running.port, state_dir, running.pid))
    endpoint = resources.endpoint(resources.config(resources.model()))
    assert resources.settled(endpoint)["EndpointStatus"] == "InService"
    # WHEN it is stopped and started
    process.stop(state_dir)
    assert processes_of_group(running.pid) == []
    again = process.start(state_dir)
    # THEN it is on the same port and the endpoint answers
    assert again.port == running.port
    assert wait_for(lambda: answer_of(resources, endpoint)) == "1"


def answer_of(resources: Resources, endpoint: str) -> str | None:
    """The version that answers, or None while the endpoint starts."""
    with contextlib.suppress(resources.runtime.exceptions.ServiceUnavailable):
        return resources.version_of(endpoint)
    return None


def test_two_that_start_at_once_are_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN two checkouts, and one port that both would like
    monkeypatch.setattr(process, "DEFAULT_PORT", free_port())
    folders = [tmp_path / name for name in "ab"]
    try:
        # WHEN both start at the same time
        with ThreadPoolExecutor() as pool:
            running = list(pool.map(process.start, folders))
        # THEN each has its own
        assert len({one.port for one in running}) == len({one.pid for one in running}) == 2
        Cloud(running[0].port, folders[0], running[0].pid).client("s3").create_bucket(Bucket="only-here")
        assert Cloud(running[1].port, folders[1], running[1].pid).client("s3").list_buckets()["Buckets"] == []
    finally:
        for folder in folders:
            process.stop(folder)


def test_a_second_with_the_same_folder_leaves_the_first_alone(state_dir: Path) -> None:
    with ThreadPoolExecutor() as pool:
        starts = [pool.submit(process.start, state_dir) for _ in range(2)]
        ends = [start.exception() or start.result() for start in starts]
    running = [end for end in ends if not isinstance(end, BaseException)]
    assert process.status(state_dir) == running[0]
    assert process.is_healthy(running[0].port)


def test_a_cloud_that_does_not_stop_is_not_killed(state_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a cloud that hangs
    running = process.start(state_dir, free_port())
    cloud = Cloud(running.port, state_dir, running.pid)
    cloud.client("s3").create_bucket(Bucket="kept")
    os.kill(running.pid, signal.SIGSTOP)
    # WHEN it is stopped, THEN the user is told, and it keeps its state
    with monkeypatch.context() as patch:
        patch.setattr(process, "STOP_SECONDS", 0.2)
        with pytest.raises(process.LocalCloudError, match="has not stopped"):
            process.stop(state_dir)
    assert process.status(state_dir) == running
    os.kill(running.pid, signal.SIGCONT)
    process.stop(state_dir)
    again = process.start(state_dir)
    assert Cloud(again.port, state_dir, again.pid).client("s3").list_buckets()["Buckets"][0]["Name"] == "kept"


def test_what_a_killed_cloud_leaves_is_cleared_away(state_dir: Path) -> None:
    # GIVEN a cloud that is killed while an endpoint runs
    running = process.start(state_dir, free_port())
    resources = Resources(Cloud(running.port, state_dir, running.pid))
    resources.settled(resources.endpoint(resources.config(resources.model())))
    os.kill(running.pid, signal.SIGKILL)
    wait_for(lambda: process.status(state_dir) is None)
    # WHEN another is started, THEN no process of the first is left
    process.start(state_dir)
    assert processes_of_group(running.pid) == []
