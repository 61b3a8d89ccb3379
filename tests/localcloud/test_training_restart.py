"""What becomes of training jobs and registered models when their cloud stops or is killed."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud import process
from localcloud.machine import processes
from tests.localcloud.running_cloud import Cloud, free_port, wait_for
from tests.localcloud.training_resources import IMAGE, Jobs, training_processes


@pytest.fixture
def state_dir(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    process.stop(tmp_path)


def test_a_cloud_that_stops_ends_its_jobs_and_remembers_them(state_dir: Path) -> None:
    # GIVEN a cloud with a job that has ended, one that runs, and a registered model
    running = process.start(state_dir, free_port())
    jobs = Jobs(Cloud(running.port, state_dir, running.pid))
    before = jobs.run({"model": "good"})
    wanted = {"wait": "algo-1", "checkpoint": "step 5"}
    job = jobs.start(wanted, CheckpointConfig={"S3Uri": f"s3://{jobs.name}/checkpoints"})
    jobs.await_line(job, "waiting")
    (pid,) = training_processes(job)
    package = register(jobs, before["ModelArtifacts"]["S3ModelArtifacts"])
    jobs.sagemaker.update_model_package(ModelPackageArn=package, ModelApprovalStatus="Approved")
    described = jobs.sagemaker.describe_model_package(ModelPackageName=package)
    # WHEN it is stopped THEN no process of the job is left
    process.stop(state_dir)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    # WHEN it starts again THEN both jobs are there, and none of them runs
    process.start(state_dir)
    assert without_metadata(jobs.describe(before["TrainingJobName"])) == without_metadata(before)
    ended = jobs.describe(job)
    assert (ended["TrainingJobStatus"], ended["SecondaryStatus"]) == ("Failed", "Failed")
    assert ended["FailureReason"].startswith("InternalServerError: The local cloud stopped")
    assert jobs.keys("checkpoints") == ["checkpoints/nested/algo-1.txt"]
    again = jobs.sagemaker.describe_model_package(ModelPackageName=package)
    assert without_metadata(again) == without_metadata(described)
    # AND the next version has the next number
    assert register(jobs, "s3://a/b").endswith("/2")


def without_metadata(answer: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def register(jobs: Jobs, url: str) -> str:
    group = f"{jobs.name}-models"
    with contextlib.suppress(ClientError):
        jobs.sagemaker.create_model_package_group(ModelPackageGroupName=group)
    specification = {
        "Containers": [{"Image": IMAGE, "ModelDataUrl": url}],
        "SupportedContentTypes": ["image/png"],
        "SupportedResponseMIMETypes": ["application/json"],
    }
    answer = jobs.sagemaker.create_model_package(ModelPackageGroupName=group, InferenceSpecification=specification)
    return answer["ModelPackageArn"]


def test_what_a_killed_cloud_left_training_is_ended(state_dir: Path) -> None:
    running = process.start(state_dir, free_port())
    jobs = Jobs(Cloud(running.port, state_dir, running.pid))
    job = jobs.start({"wait": "algo-1"})
    jobs.await_line(job, "waiting")
    (pid,) = training_processes(job)
    os.kill(running.pid, signal.SIGKILL)
    wait_for(lambda: process.status(state_dir) is None)
    process.stop(state_dir)
    assert wait_for(lambda: pid not in {found.pid for found in processes()})
