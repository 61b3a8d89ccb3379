"""How training jobs end: failed, stopped, out of time, interrupted."""

import os
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.localcloud.running_cloud import Cloud
from tests.localcloud.training_resources import Jobs, stages, training_processes


@pytest.fixture(scope="module")
def jobs(cloud: Cloud) -> Jobs:
    return Jobs(cloud)


def test_a_failed_program_says_why(jobs: Jobs) -> None:
    done = jobs.run({"fails": "algo-1", "because": "the pictures are too small"})
    assert (done["TrainingJobStatus"], done["SecondaryStatus"]) == ("Failed", "Failed")
    assert done["FailureReason"] == "AlgorithmError: the pictures are too small, exit code: 3"
    assert jobs.run({"fails": "algo-1"})["FailureReason"] == "AlgorithmError: , exit code: 3"
    long = jobs.run({"fails": "algo-1", "because": "x" * 2000})["FailureReason"]
    assert len(long) == 1024
    assert long.endswith("x, exit code: 3")


def test_one_host_that_fails_ends_the_others(jobs: Jobs) -> None:
    resources = {"InstanceType": "ml.c5.xlarge", "InstanceCount": 3, "VolumeSizeInGB": 10}
    wanted = {"fails": "algo-2", "because": "lost", "wait": "algo-1,algo-3"}
    done = jobs.run(wanted, ResourceConfig=resources)
    assert done["FailureReason"] == "AlgorithmError: lost, exit code: 3"
    assert training_processes(done["TrainingJobName"]) == []


def test_a_host_that_is_killed_fails_the_job(jobs: Jobs) -> None:
    job = jobs.start({"wait": "algo-1"})
    jobs.await_line(job, "waiting")
    (pid,) = (int(file.read_text()) for file in (jobs.cloud.state_dir / "training" / job).glob("*/*.pid"))
    os.kill(pid, 9)
    assert jobs.ended(job)["FailureReason"] == "AlgorithmError: , exit code: 137"


def test_a_stopped_job_keeps_its_model(jobs: Jobs) -> None:
    job = jobs.start({"wait": "algo-1", "model": "half"})
    jobs.await_line(job, "waiting")
    jobs.sagemaker.stop_training_job(TrainingJobName=job)
    done = jobs.ended(job)
    assert (done["TrainingJobStatus"], done["SecondaryStatus"]) == ("Stopped", "Stopped")
    assert stages(done) == ["Starting", "Downloading", "Training", "Stopping", "Uploading", "Stopped"]
    assert jobs.archive(job, "model.tar.gz") == {"algo-1.txt": "half, restored nothing"}
    with pytest.raises(ClientError, match="the training job is in status Stopped") as caught:
        jobs.sagemaker.stop_training_job(TrainingJobName=job)
    assert caught.value.response.get("Error", {}).get("Code") == "ValidationException"


def test_a_job_that_takes_too_long_is_stopped(jobs: Jobs) -> None:
    done = jobs.run({"wait": "algo-1", "model": "late"}, StoppingCondition={"MaxRuntimeInSeconds": 1})
    assert (done["TrainingJobStatus"], done["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    assert jobs.archive(done["TrainingJobName"], "model.tar.gz") == {"algo-1.txt": "late, restored nothing"}


SPOT: dict[str, Any] = {
    "EnableManagedSpotTraining": True,
    "StoppingCondition": {"MaxRuntimeInSeconds": 600, "MaxWaitTimeInSeconds": 1200},
}


def test_an_interrupted_spot_job_goes_on_from_its_checkpoint(jobs: Jobs) -> None:
    done = jobs.run(
        {"wait": "algo-1", "checkpoint": "step 7", "model": "whole"},
        **SPOT,
        CheckpointConfig={"S3Uri": f"s3://{jobs.name}/checkpoints/one"},
        Environment={"SIGNPOST_INTERRUPT_AFTER_SECONDS": "0.5"},
    )
    assert done["TrainingJobStatus"] == "Completed", done.get("FailureReason")
    run = ["Starting", "Downloading", "Training"]
    assert stages(done) == [*run, "Interrupted", *run, "Uploading", "Completed"]
    # What the first instance had trained but not kept is gone with it.
    assert jobs.archive(done["TrainingJobName"], "model.tar.gz") == {"algo-1.txt": "whole, restored step 7"}
    assert jobs.keys("checkpoints/one") == ["checkpoints/one/nested/algo-1.txt"]
    assert done["BillableTimeInSeconds"] <= done["TrainingTimeInSeconds"]


def test_a_job_on_demand_is_not_interrupted(jobs: Jobs) -> None:
    job = jobs.start({"wait": "algo-1"}, Environment={"SIGNPOST_INTERRUPT_AFTER_SECONDS": "0"})
    jobs.await_line(job, "waiting")
    jobs.sagemaker.stop_training_job(TrainingJobName=job)
    assert "Interrupted" not in stages(jobs.ended(job))


def test_a_spot_job_that_waits_too_long_is_stopped(jobs: Jobs) -> None:
    stopping = {"MaxRuntimeInSeconds": 1, "MaxWaitTimeInSeconds": 1}
    done = jobs.run({"wait": "algo-1"}, EnableManagedSpotTraining=True, StoppingCondition=stopping)
    assert (done["TrainingJobStatus"], done["SecondaryStatus"]) == ("Stopped", "MaxWaitTimeExceeded")


def test_a_new_job_starts_from_the_checkpoints_that_lie_there(jobs: Jobs) -> None:
    jobs.s3.put_object(Bucket=jobs.name, Key="checkpoints/two/nested/algo-1.txt", Body=b"step 9")
    # Beside the folder, not in it.
    jobs.s3.put_object(Bucket=jobs.name, Key="checkpoints/two-more/nested/algo-1.txt", Body=b"step 1")
    config = {"S3Uri": f"s3://{jobs.name}/checkpoints/two"}
    done = jobs.run({"model": "next"}, CheckpointConfig=config)
    assert jobs.archive(done["TrainingJobName"], "model.tar.gz") == {"algo-1.txt": "next, restored step 9"}
