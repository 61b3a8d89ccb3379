"""What strategies cost by the seconds of training jobs."""

import boto3
import pytest
from botocore.stub import Stubber

from signpost.cost.prices import SPOT_SAVING, TRAINING_INSTANCE_HOUR, training_price
from signpost.errors import SettingsError
from training.compare.costs import FROM_JOBS, JOB, LOCAL_JOB, cost_of_jobs, cost_of_runs, read_jobs
from training.compare.intervals import estimate

HOUR = 0.115
STRATEGIES = ("single", "multi-worker")


def described(name: str, *, strategy: str = "single", count: int = 1, spot: bool = False, billed: int = 3600) -> dict:
    return {
        "TrainingJobName": name,
        "TrainingJobArn": "arn:aws:sagemaker:us-east-1:123456789012:training-job/name",
        "ModelArtifacts": {"S3ModelArtifacts": "s3://bucket/model.tar.gz"},
        "TrainingJobStatus": "Completed",
        "SecondaryStatus": "Completed",
        "AlgorithmSpecification": {"TrainingInputMode": "File"},
        "HyperParameters": {"classifier": "faces", "strategy": strategy},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": count, "VolumeSizeInGB": 30},
        "StoppingCondition": {"MaxRuntimeInSeconds": 9000},
        "CreationTime": 0,
        "TrainingTimeInSeconds": 3600,
        "BillableTimeInSeconds": billed,
        "EnableManagedSpotTraining": spot,
    }


def read(*answers: dict, endpoint: str | None = None):
    client = boto3.client(
        "sagemaker", region_name="us-east-1", endpoint_url=endpoint, aws_access_key_id="x", aws_secret_access_key="y"
    )
    with Stubber(client) as stub:
        for answer in answers:
            stub.add_response("describe_training_job", answer)
        return read_jobs([answer["TrainingJobName"] for answer in answers], client, "faces", STRATEGIES)


def test_an_on_demand_job_costs_its_billed_seconds_on_every_instance():
    jobs, left_out = read(described("a", count=2))
    cost = cost_of_jobs(jobs)
    assert left_out == []
    assert cost.seconds_from == f"{JOB} (a)"
    assert cost.on_demand.mean == pytest.approx(2 * HOUR)
    assert cost.spot.mean == pytest.approx(2 * HOUR * (1 - SPOT_SAVING))


def test_a_spot_job_saves_in_the_seconds_that_it_is_billed():
    jobs, _ = read(described("a", spot=True, billed=1200))
    cost = cost_of_jobs(jobs)
    assert cost.on_demand.mean == pytest.approx(HOUR)
    assert cost.spot.mean == pytest.approx(HOUR / 3)
    assert cost.spot_from == FROM_JOBS


def test_a_spot_job_of_the_local_cloud_is_labelled_and_priced_by_the_table():
    jobs, _ = read(described("a", spot=True, billed=3000), endpoint="http://127.0.0.1:4566")
    cost = cost_of_jobs(jobs)
    assert cost.seconds_from == f"{LOCAL_JOB} (a)"
    assert cost.spot.mean == pytest.approx(3000 / 3600 * HOUR * (1 - SPOT_SAVING))
    assert cost.spot_from != FROM_JOBS


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"TrainingJobStatus": "Failed"}, "its status is Failed"),
        ({"HyperParameters": {"classifier": "vehicle", "strategy": "single"}}, "it trained vehicle, not faces"),
        ({"HyperParameters": {"classifier": "faces", "strategy": "other"}}, "its strategy other is not compared"),
        (
            {"HyperParameters": {"classifier": "faces", "strategy": "single", "quick": "true"}},
            "it trained another number of steps",
        ),
        (
            {"HyperParameters": {"classifier": "faces", "strategy": "single", "steps": "9"}},
            "it trained another number of steps",
        ),
        ({"HyperParameters": {"classifier": "faces"}}, "its description has no 'strategy'"),
        (
            {"ResourceConfig": {"InstanceType": "ml.p3.2xlarge", "InstanceCount": 1, "VolumeSizeInGB": 1}},
            "no training instance 'ml.p3.2xlarge'",
        ),
    ],
)
def test_a_job_that_can_not_be_compared_is_left_out_by_name(change: dict, why: str):
    jobs, left_out = read(described("good"), described("bad") | change)
    assert [job.name for job in jobs] == ["good"]
    assert len(left_out) == 1
    assert "job bad does not count" in left_out[0]
    assert why in left_out[0]


def test_jobs_of_one_strategy_on_other_instances_are_not_mixed():
    jobs, left_out = read(
        described("one"), described("two", count=2), described("many", strategy="multi-worker", count=2)
    )
    assert [job.name for job in jobs] == ["one", "many"]
    assert left_out == ["job two does not count: it ran on other instances than one"]


def test_a_job_that_is_not_there_is_left_out_by_name():
    client = boto3.client("sagemaker", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y")
    with Stubber(client) as stub:
        stub.add_client_error("describe_training_job", "ValidationException", "Requested resource not found.")
        jobs, left_out = read_jobs(["gone"], client, "faces", STRATEGIES)
    assert jobs == []
    assert "job gone does not count" in left_out[0]
    assert "not found" in left_out[0]


def test_measured_seconds_are_labelled_so():
    cost = cost_of_runs("multi-worker", estimate([1800.0, 1800.0]), 2, "ml.m5.large")
    assert cost.on_demand.mean == pytest.approx(HOUR)
    assert "measured here" in cost.seconds_from


def test_an_instance_without_a_price_is_refused_with_what_there_is():
    with pytest.raises(SettingsError, match=r"'ml\.x1'.*ml\.m5\.large"):
        training_price("ml.x1")


def test_spot_is_cheaper_for_every_instance():
    prices = [training_price(name) for name in TRAINING_INSTANCE_HOUR]
    assert all(0 < price.spot_hour < price.on_demand_hour for price in prices)
