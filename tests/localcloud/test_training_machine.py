"""State machines that train and register: a task that waits for its job, and SageMaker's calls under their role."""

import json
from typing import Any

import pytest

from tests.localcloud.running_cloud import Cloud, wait_for
from tests.localcloud.step_functions_resources import Machines, task
from tests.localcloud.training_resources import IMAGE, Jobs

SYNC = "sagemaker:createTrainingJob.sync"


@pytest.fixture(scope="module")
def jobs(cloud: Cloud) -> Jobs:
    return Jobs(cloud)


@pytest.fixture(scope="module")
def machines(cloud: Cloud) -> Machines:
    return Machines(cloud)


@pytest.fixture(scope="module")
def role(jobs: Jobs, machines: Machines) -> str:
    """A machine's role that may run the jobs of this module."""
    mine = f"arn:aws:sagemaker:*:*:training-job/{jobs.name}-*"
    return machines.role(
        *((f"sagemaker:{action}TrainingJob", mine) for action in ("Create", "Describe", "Stop")),
        ("iam:PassRole", jobs.role),
    )


def run(machines: Machines, role: str, states: dict[str, Any]) -> dict[str, Any]:
    return machines.ended(machines.start(machines.machine(role, states, kind="STANDARD")))


def test_a_task_waits_for_its_job_and_gets_the_description(jobs: Jobs, machines: Machines, role: str) -> None:
    request = jobs.request({"model": "good"})
    done = run(machines, role, {"Train": task(SYNC, request)})
    assert done["status"] == "SUCCEEDED", done.get("cause")
    job = json.loads(done["output"])
    assert (job["TrainingJobName"], job["TrainingJobStatus"]) == (request["TrainingJobName"], "Completed")
    assert job["ModelArtifacts"]["S3ModelArtifacts"].endswith("/output/model.tar.gz")


def test_a_failed_job_is_a_failed_task_with_the_description_as_cause(jobs: Jobs, machines: Machines, role: str) -> None:
    request = jobs.request({"fails": "algo-1", "because": "no data"})
    caught = {"ErrorEquals": ["States.TaskFailed"], "Output": "{% $states.errorOutput %}", "Next": "Say"}
    states = {"Train": task(SYNC, request, Catch=[caught]), "Say": {"Type": "Succeed"}}
    output = json.loads(run(machines, role, states)["output"])
    assert output["Error"] == "States.TaskFailed"
    assert json.loads(output["Cause"])["FailureReason"] == "AlgorithmError: no data, exit code: 3"


def test_an_execution_that_is_stopped_stops_its_job(jobs: Jobs, machines: Machines, role: str) -> None:
    request = jobs.request({"wait": "algo-1"})
    execution = machines.start(machines.machine(role, {"Train": task(SYNC, request)}, kind="STANDARD"))
    job = request["TrainingJobName"]
    jobs.await_line(job, "waiting")
    machines.states.stop_execution(executionArn=execution)
    assert jobs.ended(job)["TrainingJobStatus"] == "Stopped"
    assert machines.ended(execution)["status"] == "ABORTED"


def test_a_task_that_takes_too_long_stops_its_job(jobs: Jobs, machines: Machines, role: str) -> None:
    request = jobs.request({"wait": "algo-1"})
    done = run(machines, role, {"Train": task(SYNC, request, TimeoutSeconds=2)})
    assert (done["status"], done["error"]) == ("FAILED", "States.Timeout")
    assert jobs.ended(request["TrainingJobName"])["TrainingJobStatus"] == "Stopped"


def test_a_stopped_job_is_a_failed_task(jobs: Jobs, machines: Machines, role: str) -> None:
    request = jobs.request({"wait": "algo-1"})
    execution = machines.start(machines.machine(role, {"Train": task(SYNC, request)}, kind="STANDARD"))
    jobs.await_line(request["TrainingJobName"], "waiting")
    jobs.sagemaker.stop_training_job(TrainingJobName=request["TrainingJobName"])
    ended = machines.ended(execution)
    assert (ended["status"], ended["error"]) == ("FAILED", "States.TaskFailed")
    assert json.loads(ended["cause"])["TrainingJobStatus"] == "Stopped"


def test_a_machine_trains_only_with_the_rights_of_its_role(jobs: Jobs, machines: Machines) -> None:
    mine = f"arn:aws:sagemaker:*:*:training-job/{jobs.name}-*"
    for rights, action in (
        ([], "sagemaker:CreateTrainingJob"),
        ([("sagemaker:CreateTrainingJob", mine)], "iam:PassRole"),
    ):
        denied = run(machines, machines.role(*rights), {"Train": task(SYNC, jobs.request())})
        assert (denied["status"], denied["error"]) == ("FAILED", "SageMaker.AmazonSageMakerException")
        assert f"is not authorized to perform: {action}" in denied["cause"]


def test_a_machine_registers_approves_and_reads_a_model(jobs: Jobs, machines: Machines) -> None:
    group = f"{jobs.name}-models"
    jobs.sagemaker.create_model_package_group(ModelPackageGroupName=group)
    package = f"arn:aws:sagemaker:*:*:model-package/{group}/*"
    role = machines.role(*((f"sagemaker:{action}ModelPackage", package) for action in ("Create", "Describe", "Update")))
    create = {
        "ModelPackageGroupName": group,
        "InferenceSpecification": {
            "Containers": [{"Image": IMAGE, "ModelDataUrl": "s3://bucket/model.tar.gz"}],
            "SupportedContentTypes": ["image/png"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
    }
    approve = {"ModelPackageArn": "{% $package %}", "ModelApprovalStatus": "Approved"}
    states = {
        "Register": task(
            "aws-sdk:sagemaker:createModelPackage",
            create,
            "Approve",
            Assign={"package": "{% $states.result.ModelPackageArn %}"},
        ),
        "Approve": task("aws-sdk:sagemaker:updateModelPackage", approve, "Read"),
        "Read": task("aws-sdk:sagemaker:describeModelPackage", {"ModelPackageName": "{% $package %}"}),
    }
    done = run(machines, role, states)
    assert done["status"] == "SUCCEEDED", done.get("cause")
    read = json.loads(done["output"])
    assert read["ModelApprovalStatus"] == "Approved"
    assert read["InferenceSpecification"]["SupportedResponseMIMETypes"] == ["application/json"]
    assert read["CreationTime"].endswith("Z")


def test_a_machine_looks_at_a_job_again_and_again(jobs: Jobs, machines: Machines, role: str) -> None:
    """A loop of Wait and Choice, as machines that do not use `.sync` have it."""
    request = jobs.request({"model": "good"})
    name = {"TrainingJobName": request["TrainingJobName"]}
    states = {
        "Start": task("aws-sdk:sagemaker:createTrainingJob", request, "Pause"),
        "Pause": {"Type": "Wait", "Seconds": 1, "Next": "Look"},
        "Look": task("aws-sdk:sagemaker:describeTrainingJob", name, "Done?"),
        "Done?": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $states.input.TrainingJobStatus = 'InProgress' %}", "Next": "Pause"}],
            "Default": "Done",
        },
        "Done": {"Type": "Succeed"},
    }
    done = run(machines, role, states)
    assert json.loads(done["output"])["TrainingJobStatus"] == "Completed"
    assert wait_for(lambda: jobs.keys(f"output/{request['TrainingJobName']}"))
