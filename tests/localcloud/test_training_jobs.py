"""Training jobs of the local cloud: real processes behind SageMaker's API, with a stand-in for the program."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.localcloud.running_cloud import Cloud
from tests.localcloud.training_resources import IMAGE, Jobs, stages


@pytest.fixture(scope="module")
def jobs(cloud: Cloud) -> Jobs:
    return Jobs(cloud)


def error_of(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response.get("Error", {}).get("Code"))


def test_a_job_finds_what_a_container_of_sagemaker_finds(jobs: Jobs) -> None:
    done = jobs.run({"model": "good", "quick": "true"})
    name = done["TrainingJobName"]
    assert (done["TrainingJobStatus"], done["SecondaryStatus"]) == ("Completed", "Completed")
    assert stages(done) == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    assert done["ModelArtifacts"]["S3ModelArtifacts"] == f"s3://{jobs.name}/output/{name}/output/model.tar.gz"
    assert done["AlgorithmSpecification"] == {"TrainingImage": IMAGE, "TrainingInputMode": "File"}
    assert done["TrainingStartTime"] <= done["TrainingEndTime"]
    assert done["BillableTimeInSeconds"] <= done["TrainingTimeInSeconds"]
    assert jobs.archive(name, "model.tar.gz") == {"algo-1.txt": "good, restored nothing"}

    found = jobs.report(name)
    assert found["arguments"] == ["train"]
    assert found["inputs"] == {
        "data/a.txt": "data/a.txt",
        "data/c.txt": "data/c.txt",
        "data/deep/b.txt": "data/deep/b.txt",
    }
    assert found["config"]["hyperparameters"] == {"model": "good", "quick": "true"}
    assert found["config"]["resourceconfig"] == {
        "current_host": "algo-1",
        "current_instance_type": "ml.m5.large",
        "current_group_name": "homogeneousCluster",
        "hosts": ["algo-1"],
        "instance_groups": [
            {"instance_group_name": "homogeneousCluster", "instance_type": "ml.m5.large", "hosts": ["algo-1"]}
        ],
        "network_interface_name": "lo",
    }
    assert found["config"]["inputdataconfig"]["data"]["TrainingInputMode"] == "File"
    environment = found["environment"]
    assert environment["TRAINING_JOB_NAME"] == name
    assert environment["TRAINING_JOB_ARN"] == done["TrainingJobArn"]
    assert environment["AWS_REGION"] == jobs.cloud.region
    # Nothing of the cloud's own: neither its keys nor its settings.
    assert not {"AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AUTH", "STATE_DIR"} & set(environment)
    assert not list((jobs.cloud.state_dir / "training").glob("*"))


def test_several_instances_are_several_processes_that_know_each_other(jobs: Jobs) -> None:
    resources = {"InstanceType": "ml.c5.xlarge", "InstanceCount": 2, "VolumeSizeInGB": 10}
    done = jobs.run({"model": "shared"}, ResourceConfig=resources)
    name = done["TrainingJobName"]
    assert done["TrainingJobStatus"] == "Completed", done.get("FailureReason")
    assert set(jobs.archive(name, "model.tar.gz")) == {"algo-1.txt", "algo-2.txt"}
    reports = [jobs.report(name, host) for host in ("algo-1", "algo-2")]
    assert [report["config"]["resourceconfig"]["current_host"] for report in reports] == ["algo-1", "algo-2"]
    assert [report["config"]["resourceconfig"]["hosts"] for report in reports] == [["algo-1", "algo-2"]] * 2
    assert len({report["environment"]["SIGNPOST_ML_ROOT"] for report in reports}) == 2
    assert reports[0]["inputs"] == reports[1]["inputs"] != {}
    (addresses,) = {report["environment"]["SIGNPOST_HOSTS"] for report in reports}
    ports = [int(address.removeprefix("127.0.0.1:")) for address in json.loads(addresses).values()]
    assert abs(ports[0] - ports[1]) >= 10
    assert jobs.log(name) == {f"{name}/{host}": [f"hello from {host}"] for host in ("algo-1", "algo-2")}


def test_a_sharded_channel_gives_every_host_its_share(jobs: Jobs) -> None:
    request = jobs.request(ResourceConfig={"InstanceType": "ml.c5.xlarge", "InstanceCount": 2, "VolumeSizeInGB": 10})
    request["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3DataDistributionType"] = "ShardedByS3Key"
    jobs.sagemaker.create_training_job(**request)
    name = jobs.ended(request["TrainingJobName"])["TrainingJobName"]
    first, second = (set(jobs.report(name, host)["inputs"]) for host in ("algo-1", "algo-2"))
    assert first | second == {"data/a.txt", "data/c.txt", "data/deep/b.txt"}
    assert not first & second


def test_the_log_can_be_followed_and_gives_the_final_metrics(jobs: Jobs) -> None:
    algorithm = {
        "TrainingImage": IMAGE,
        "TrainingInputMode": "File",
        "MetricDefinitions": [{"Name": "accuracy", "Regex": r"accuracy=([0-9.]+)"}, {"Name": "none", "Regex": "x=(y)"}],
    }
    say = {"say": "accuracy=0.5\naccuracy=0.75", "wait": "algo-1"}
    job = jobs.start(say, AlgorithmSpecification=algorithm)
    # WHILE it runs THEN its lines are there
    jobs.await_line(job, "waiting")
    assert jobs.describe(job)["SecondaryStatus"] == "Training"
    assert jobs.log(job)[f"{job}/algo-1"][:2] == ["accuracy=0.5", "accuracy=0.75 from algo-1"]
    jobs.sagemaker.stop_training_job(TrainingJobName=job)
    metrics = jobs.ended(job)["FinalMetricDataList"]
    assert [(metric["MetricName"], metric["Value"]) for metric in metrics] == [("accuracy", 0.75)]


def test_the_real_program_is_what_runs(jobs: Jobs) -> None:
    request = jobs.request({"classifier": "vehicle", "strategy": "guessing"})
    request["Environment"] = {}
    jobs.sagemaker.create_training_job(**request)
    reason = jobs.ended(request["TrainingJobName"])["FailureReason"]
    assert reason.startswith("AlgorithmError: hyperparameters are wrong: strategy")
    assert reason.endswith(", exit code: 1")


@pytest.mark.parametrize(
    ("wrong", "code", "message"),
    [
        ({"RoleArn": "arn:aws:iam::000000000000:role/nobody"}, "ValidationException", "Could not assume role"),
        ({"AlgorithmSpecification": {"TrainingInputMode": "File"}}, "ValidationException", "TrainingImage"),
        (
            {"AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "Pipe"}},
            "ValidationException",
            "TrainingInputMode File",
        ),
        (
            {"ResourceConfig": {"InstanceType": "ml.huge", "InstanceCount": 1, "VolumeSizeInGB": 1}},
            "ValidationException",
            "enum value set",
        ),
        (
            {"ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 50, "VolumeSizeInGB": 1}},
            "ResourceLimitExceeded",
            "at most 8",
        ),
        ({"EnableManagedSpotTraining": True}, "ValidationException", "MaxWaitTimeInSeconds"),
        (
            {"CheckpointConfig": {"S3Uri": "s3://b/c", "LocalPath": "/opt/ml/../../etc"}},
            "ValidationException",
            "folder of their own",
        ),
        ({"TrainingJobName": "../out"}, "ValidationException", "failed to satisfy constraint"),
    ],
)
def test_what_cannot_be_run_is_refused_at_once(jobs: Jobs, wrong: dict[str, Any], code: str, message: str) -> None:
    with pytest.raises(ClientError, match=message) as caught:
        jobs.start(**wrong)
    assert error_of(caught) == code


def test_a_channel_without_objects_and_a_second_job_of_a_name_are_refused(jobs: Jobs) -> None:
    request = jobs.request()
    request["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"] = f"s3://{jobs.name}/nothing"
    with pytest.raises(ClientError, match="No S3 objects found under S3 URL") as caught:
        jobs.sagemaker.create_training_job(**request)
    assert error_of(caught) == "ValidationException"
    name = jobs.run()["TrainingJobName"]
    with pytest.raises(jobs.sagemaker.exceptions.ResourceInUse):
        jobs.start(TrainingJobName=name)
    with pytest.raises(ClientError, match="Could not find training job"):
        jobs.sagemaker.stop_training_job(TrainingJobName="nobody")


def test_a_job_can_only_do_what_its_role_allows(jobs: Jobs) -> None:
    listing, reading = ("s3:ListBucket", f"arn:aws:s3:::{jobs.name}"), ("s3:GetObject", f"arn:aws:s3:::{jobs.name}/*")
    blind = jobs.run(RoleArn=jobs.make_role(listing))
    assert blind["FailureReason"].startswith(f"ClientError: Data download failed (s3://{jobs.name}/data")
    # WHEN it may read but not write THEN it trains, without a log, and fails in the end
    mute = jobs.run({"model": "lost"}, RoleArn=jobs.make_role(listing, reading))
    assert mute["FailureReason"].startswith("ClientError: Artifact upload failed")
    assert stages(mute)[-2:] == ["Uploading", "Failed"]
    assert jobs.log(mute["TrainingJobName"]) == {}


def test_the_caller_needs_the_right_to_create_and_to_pass_the_role(jobs: Jobs) -> None:
    create = ("sagemaker:CreateTrainingJob", f"arn:aws:sagemaker:*:*:training-job/{jobs.name}-*")
    caller = jobs.name
    jobs.iam.create_user(UserName=caller)
    key = jobs.iam.create_access_key(UserName=caller)["AccessKey"]
    sagemaker = jobs.cloud.client("sagemaker", key)

    def allow(*statements: dict[str, Any]) -> None:
        document = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | s for s in statements]})
        jobs.iam.put_user_policy(UserName=caller, PolicyName="it", PolicyDocument=document)

    creates = {"Action": create[0], "Resource": create[1]}
    passes = {"Action": "iam:PassRole", "Resource": jobs.role}

    def to(service: str) -> dict[str, Any]:
        return {"Condition": {"StringEquals": {"iam:PassedToService": f"{service}.amazonaws.com"}}}

    for statements, denied in (
        ([passes | to("sagemaker")], "sagemaker:CreateTrainingJob"),
        ([creates], "iam:PassRole on resource"),
        ([creates, passes | to("lambda")], "iam:PassRole on resource"),
    ):
        allow(*statements)
        with pytest.raises(ClientError, match=denied) as caught:
            sagemaker.create_training_job(**jobs.request())
        assert error_of(caught) == "AccessDeniedException"
    allow(creates, passes | to("sagemaker"))
    request = jobs.request()
    sagemaker.create_training_job(**request)
    with pytest.raises(ClientError, match="sagemaker:AddTags"):
        sagemaker.create_training_job(**jobs.request(Tags=[{"Key": "a", "Value": "b"}]))
    with pytest.raises(ClientError, match="sagemaker:StopTrainingJob"):
        sagemaker.stop_training_job(TrainingJobName=request["TrainingJobName"])
    assert jobs.ended(request["TrainingJobName"])["TrainingJobStatus"] == "Completed"


def test_jobs_are_listed_the_latest_first(jobs: Jobs) -> None:
    prefix = f"{jobs.name}-listed"
    for number in range(3):
        jobs.run(TrainingJobName=f"{prefix}-{number}", HyperParameters={"fails": "algo-1"} if number == 1 else {})
    wanted = {"NameContains": prefix, "SortBy": "CreationTime", "SortOrder": "Descending"}
    pages = jobs.sagemaker.get_paginator("list_training_jobs").paginate(**wanted, PaginationConfig={"PageSize": 2})
    listed = [[job["TrainingJobName"].rpartition("-")[2] for job in page["TrainingJobSummaries"]] for page in pages]
    assert listed == [["2", "1"], ["0"]]
    (failed,) = jobs.sagemaker.list_training_jobs(StatusEquals="Failed", **wanted)["TrainingJobSummaries"]
    assert failed["TrainingJobName"] == f"{prefix}-1"
