"""The whole training machine: from archives in S3 to a model that answers, and every way to a clear no."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli import sagemaker_training
from signpost.aws import deployment
from signpost.errors import DeploymentError, ExecutionFailed
from signpost.model import registry
from signpost.model.package import open_package
from tests.localcloud.deployed_app import App
from tests.localcloud.training_runs import DATA, ENDPOINT, TrainingRuns, packed, trained

# The machine may read what is named after its classifier.
BY_HAND = "signpost-vehicle-by-hand"


@pytest.fixture(scope="module")
def runs(app: App, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrainingRuns]:
    runs = TrainingRuns(app, tmp_path_factory.mktemp("pictures"))
    before = runs.configuration()
    yield runs
    runs.back_to(before)


def test_missing_archives_are_named_with_the_command_that_uploads_them(runs: TrainingRuns) -> None:
    bucket: str = runs.app.where["ModelsBucket"]
    for name in runs.archives:
        runs.s3.delete_object(Bucket=bucket, Key=f"{DATA}{name}")
    ended = runs.ended(runs.start())
    assert (ended["status"], ended["error"]) == ("FAILED", "DatasetError")
    missing, place = ", ".join(f"{name} is missing" for name in runs.archives), f"s3://{bucket}/{DATA}"
    assert ended["cause"] == f"{place}: {missing}. Upload it: aws s3 cp FILE {place}"


def test_a_good_model_that_a_person_approves_ships(runs: TrainingRuns) -> None:
    # GIVEN a job that leaves a good model
    runs.put(trained("good-1"))
    before = runs.configuration()
    # WHEN it is trained and a person approves it
    execution = runs.start()
    package = runs.registered("good-1", execution)
    assert runs.configuration() == before
    runs.decide(package, "Approved")
    ended = runs.ended(execution)
    # THEN the endpoint answers with it
    assert ended["status"] == "SUCCEEDED", ended.get("cause")
    summary = json.loads(ended["output"])
    assert summary["outcome"] == "shipped"
    assert runs.version() == "good-1" == summary["smoke_test"]["version"]
    assert runs.configuration() == summary["endpoint_config"] != before
    # AND the registry has its figures
    kept = runs.package(package)["CustomerMetadataProperties"]
    assert float(kept["accuracy"]) == summary["figures"]["accuracy"] == 1
    assert kept["training_job"] == summary["training_job"]
    # AND what was captured and scaled still is
    config = runs.sagemaker.describe_endpoint_config(EndpointConfigName=summary["endpoint_config"])
    former = runs.sagemaker.describe_endpoint_config(EndpointConfigName=before)
    assert config["DataCaptureConfig"] == former["DataCaptureConfig"]
    assert config["ProductionVariants"][0]["InstanceType"] == former["ProductionVariants"][0]["InstanceType"]
    # AND nobody takes it for a rollback
    assert deployment.find("signpost", runs.app.cloud.client).endpoint_statuses(runs.sagemaker) == {
        ENDPOINT: "InService"
    }


def approved(runs: TrainingRuns) -> registry.Registered:
    """The newest approved model; one is registered where there is none."""
    try:
        return registry.newest(registry.registered(runs.sagemaker, "signpost-vehicle"), "Approved")
    except DeploymentError:
        runs.put(trained("approved-1"))
        assert runs.ended(runs.start(runs.unhosted()))["status"] == "SUCCEEDED"
        return approved(runs)


def test_the_approved_model_is_brought_into_the_repository(runs: TrainingRuns, tmp_path: Path) -> None:
    model = approved(runs)
    folder = tmp_path / "models" / "vehicle"
    (folder / "known" / "bicycle").mkdir(parents=True)
    (folder / "known" / "bicycle" / "1.png").touch()
    (folder / "of-the-former-model.txt").touch()
    registry.pull(runs.s3, model, folder)
    assert open_package(folder).manifest.version == model.version
    kept = sorted(file.relative_to(folder.parent).as_posix() for file in folder.parent.rglob("*") if file.is_file())
    assert kept == ["vehicle/known/bicycle/1.png", "vehicle/manifest.json", "vehicle/model.tflite"]


def test_without_an_endpoint_the_model_is_registered_and_it_is_said_how_to_ship_it(runs: TrainingRuns) -> None:
    last_approved = approved(runs)
    runs.put(trained("unhosted-1"))
    ended = runs.ended(runs.start(runs.unhosted()))
    assert ended["status"] == "SUCCEEDED", ended.get("cause")
    summary = json.loads(ended["output"])
    assert summary["outcome"] == "registered"
    # It was compared with the last approved one.
    assert summary["production"]["version"] == last_approved.version
    assert "signpost model pull vehicle" in summary["said"]
    assert runs.package(summary["model_package_arn"])["ModelApprovalStatus"] == "Approved"


def test_the_gate_refuses_a_bad_model_and_names_all_that_is_wrong(runs: TrainingRuns) -> None:
    runs.put(trained("bad-1", swapped=True))
    before = runs.configuration()
    ended = runs.ended(runs.start())
    assert (ended["status"], ended["error"]) == ("FAILED", "GateRefused")
    assert "bad-1 does not pass the gate: accuracy 0 is below min_accuracy = 0.93; calibration error" in ended["cause"]
    assert "in production, on the same" in ended["cause"]
    assert "Production is untouched." in ended["cause"]
    assert runs.configuration() == before


def test_a_failed_job_says_why_to_the_one_who_started_it(
    runs: TrainingRuns, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # GIVEN a job that will fail
    runs.put({"failure": b"the archive has no bicycles"})
    before = runs.configuration()
    monkeypatch.setattr(sagemaker_training, "find_deployment", lambda _: runs.app.where)
    for name, value in runs.app.cloud.environment.items():
        monkeypatch.setenv(name, value)
    # WHEN it is started by `signpost train vehicle --on sagemaker`
    with pytest.raises(ExecutionFailed) as caught:
        sagemaker_training.train_on_sagemaker("vehicle")
    # THEN the steps and the log are shown, and the reason is the job's
    said = capsys.readouterr().out
    assert "▸ Check the data\n▸ Collect the corrections\n▸ Train\n" in said
    assert "algo-1 training on" in said
    assert re.search(
        r"The training job signpost-vehicle-\w{12} failed: .*the archive has no bicycles", str(caught.value)
    )
    assert runs.configuration() == before


def test_a_model_that_a_person_rejects_does_not_ship(runs: TrainingRuns) -> None:
    runs.put(trained("unwanted-1"))
    before = runs.configuration()
    execution = runs.start()
    runs.decide(runs.registered("unwanted-1", execution), "Rejected", "not before the holidays")
    ended = runs.ended(execution)
    assert (ended["status"], ended["error"]) == ("FAILED", "NotApproved")
    assert "unwanted-1 was rejected: not before the holidays." in ended["cause"]
    assert runs.configuration() == before


def test_a_failing_smoke_test_brings_the_former_model_back(runs: TrainingRuns) -> None:
    # GIVEN a model that is another one by the time that it ships
    runs.put(trained("checked-1"))
    before, version = runs.configuration(), runs.version()
    execution = runs.start()
    package = runs.registered("checked-1", execution)
    job = runs.package(package)["CustomerMetadataProperties"]["training_job"]
    files = {name.removeprefix("model/"): data for name, data in trained("swapped-in-1").items()}
    bucket = runs.app.where["ModelsBucket"]
    runs.s3.put_object(Bucket=bucket, Key=f"jobs/vehicle/{job}/output/model.tar.gz", Body=packed(files))
    # WHEN it is approved and the endpoint updated
    runs.decide(package, "Approved")
    ended = runs.ended(execution)
    # THEN the smoke-test finds out, the former model answers, and the approval is taken back
    assert (ended["status"], ended["error"]) == ("FAILED", "SmokeTestFailed")
    assert "is now swapped-in-1; checked-1 passed the gate" in ended["cause"]
    assert ended["cause"].endswith("The former model is back.")
    assert (runs.configuration(), runs.version()) == (before, version)
    assert runs.package(package)["ModelApprovalStatus"] == "Rejected"


def test_a_model_that_was_compared_with_another_production_does_not_ship(runs: TrainingRuns) -> None:
    # GIVEN a model that waits for a person while somebody changes production
    runs.put(trained("late-1"))
    execution = runs.start()
    package, former = runs.registered("late-1", execution), runs.configuration()
    described = runs.sagemaker.describe_endpoint_config(EndpointConfigName=former)
    kept = {part: described[part] for part in ("ProductionVariants", "DataCaptureConfig") if part in described}
    runs.sagemaker.create_endpoint_config(EndpointConfigName=BY_HAND, **kept)
    runs.sagemaker.update_endpoint(EndpointName=ENDPOINT, EndpointConfigName=BY_HAND)
    # WHEN it is approved, the update being under way or just over
    runs.decide(package, "Approved")
    ended = runs.ended(execution)
    # THEN production stays, the approval is taken back, and the reason names both
    assert (ended["status"], ended["error"]) == ("FAILED", "ProductionChanged")
    assert f"{BY_HAND}; the model was compared with {former}" in ended["cause"]
    assert runs.configuration() == BY_HAND
    assert runs.package(package)["ModelApprovalStatus"] == "Rejected"
