"""Endpoints of the local cloud: real processes behind SageMaker's API."""

import contextlib
import json
import os
import re
import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.localcloud.running_cloud import Cloud, wait_for
from tests.localcloud.sagemaker_resources import Resources, archive, picture


@pytest.fixture(scope="module")
def resources(cloud: Cloud) -> Resources:
    return Resources(cloud)


@pytest.fixture(scope="module")
def endpoint(resources: Resources) -> Iterator[str]:
    """An endpoint with data capture, in service."""
    name = resources.endpoint(resources.config(resources.model(), capture=True))
    assert resources.settled(name)["EndpointStatus"] == "InService"
    yield name
    resources.sagemaker.delete_endpoint(EndpointName=name)


def error_of(caught: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    response: Any = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize(
    ("role", "key"), [("reads-nothing", "v1.tar.gz"), ("trusts-another", "v1.tar.gz"), ("models", "missing.tar.gz")]
)
def test_a_model_whose_role_cannot_read_the_package_is_refused(resources: Resources, role: str, key: str) -> None:
    # GIVEN a role without permission, one that SageMaker may not take on, and a package that is not there
    roles = {
        "models": lambda: resources.role,
        "reads-nothing": lambda: resources.make_role(role, "sagemaker.amazonaws.com"),
        "trusts-another": lambda: resources.make_role(
            role, "lambda.amazonaws.com", ("s3:GetObject", f"arn:aws:s3:::{resources.models}/*")
        ),
    }
    # WHEN a model is created with it, THEN AWS's error says so at once
    with pytest.raises(ClientError, match="model data at s3://") as caught:
        resources.model(key, role=roles[role]())
    assert error_of(caught) == ("ValidationException", 400)


def test_an_endpoint_answers_a_picture(resources: Resources, endpoint: str) -> None:
    answer = resources.runtime.invoke_endpoint(EndpointName=endpoint, ContentType="image/png", Body=picture())
    assert answer["ContentType"].startswith("application/json")
    assert answer["InvokedProductionVariant"] == "AllTraffic"
    (prediction,) = json.load(answer["Body"])["predictions"]
    assert sum(prediction["probabilities"].values()) == pytest.approx(1, abs=1e-3)


def test_what_the_control_plane_does_not_know_is_an_error_not_a_crash(resources: Resources) -> None:
    lax = resources.cloud.client("sagemaker", parameter_validation=False, retries={"total_max_attempts": 1})
    for wrong, code in (
        (lambda: lax.list_workforces(), "InvalidAction"),
        (lambda: lax.create_model(ModelName="m"), "ValidationException"),
        (lambda: lax.create_model(), "ValidationException"),
        (lambda: lax.describe_endpoint(), "ValidationException"),
        (lambda: lax.create_endpoint(EndpointName="../../out", EndpointConfigName="c"), "ValidationException"),
    ):
        with pytest.raises(ClientError) as caught:
            wrong()
        assert error_of(caught) == (code, 400)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"EndpointName": "nobody"}, "not found"),
        ({"TargetVariant": "nobody"}, "not found"),
        ({"Body": b"0" * (6 * 1024 * 1024 + 1)}, "exceeds the limit"),
    ],
)
def test_what_the_runtime_itself_refuses(
    resources: Resources, endpoint: str, wrong: dict[str, Any], message: str
) -> None:
    request = {"EndpointName": endpoint, "ContentType": "image/png", "Body": b"0"} | wrong
    with pytest.raises(resources.runtime.exceptions.ValidationError, match=message) as caught:
        resources.runtime.invoke_endpoint(**request)
    assert error_of(caught) == ("ValidationError", 400)


def test_an_error_of_the_container_is_a_model_error(resources: Resources, endpoint: str) -> None:
    with pytest.raises(resources.runtime.exceptions.ModelError) as caught:
        resources.runtime.invoke_endpoint(EndpointName=endpoint, ContentType="text/plain", Body=b"no picture")
    response: Any = caught.value.response
    assert error_of(caught) == ("ModelError", 424)
    assert 400 <= response["OriginalStatusCode"] < 500
    assert response["OriginalMessage"]
    assert response["LogStreamArn"].endswith(f"/aws/sagemaker/Endpoints/{endpoint}")


def test_a_captured_record_is_found_by_its_inference_id(resources: Resources, endpoint: str) -> None:
    # GIVEN an invocation with an id
    body = picture()
    resources.runtime.invoke_endpoint(
        EndpointName=endpoint, ContentType="image/png", Body=body, InferenceId="decision-1"
    )

    # WHEN its record has been written
    def record() -> tuple[str, dict[str, Any]] | None:
        records = resources.captured_records()
        return next((r for r in records if r[1]["eventMetadata"].get("inferenceId") == "decision-1"), None)

    key, found = wait_for(record)
    # THEN it lies and looks as SageMaker's does
    assert re.fullmatch(
        rf"data/{endpoint}/AllTraffic/\d{{4}}/\d\d/\d\d/\d\d/\d\d-\d\d-\d{{3}}-[0-9a-f-]{{36}}\.jsonl", key
    )
    sides = found["captureData"]
    assert [sides["endpointInput"]["encoding"], sides["endpointOutput"]["encoding"]] == ["BASE64", "JSON"]
    assert json.loads(sides["endpointOutput"]["data"])["predictions"]


def test_weights_decide_who_answers(resources: Resources) -> None:
    # GIVEN two variants
    name = resources.endpoint(resources.config(resources.model("v1.tar.gz"), resources.model("v2.tar.gz")))
    assert resources.settled(name)["EndpointStatus"] == "InService"
    # WHEN all traffic moves to the second
    resources.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=name,
        DesiredWeightsAndCapacities=[
            {"VariantName": "AllTraffic", "DesiredWeight": 0.0},
            {"VariantName": "Other", "DesiredWeight": 1.0},
        ],
    )
    # THEN it answers every request that names no variant, and the first one only those that name it
    assert {resources.version_of(name) for _ in range(10)} == {"2"}
    answer = resources.runtime.invoke_endpoint(
        EndpointName=name, ContentType="image/png", Body=picture(), TargetVariant="AllTraffic"
    )
    assert answer["InvokedProductionVariant"] == "AllTraffic"
    # AND an update that retains variant properties keeps that, one that does not resets it
    config = resources.config(resources.model("v2.tar.gz"), resources.model("v1.tar.gz"))
    for retained, weight in ((True, 0.0), (False, 1.0)):
        resources.sagemaker.update_endpoint(
            EndpointName=name, EndpointConfigName=config, RetainAllVariantProperties=retained
        )
        assert resources.settled(name)["ProductionVariants"][0]["CurrentWeight"] == weight
    resources.sagemaker.delete_endpoint(EndpointName=name)


def test_an_update_serves_and_captures_all_the_time(resources: Resources) -> None:
    # GIVEN an endpoint that is asked without a pause
    name = resources.endpoint(resources.config(resources.model("v1.tar.gz"), capture=True))
    resources.settled(name)
    seen: list[str] = []
    done = threading.Event()
    errors: list[Exception] = []

    def ask() -> None:
        try:
            while not done.is_set():
                seen.append(resources.version_of(name))
        except ClientError as error:
            errors.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    # WHEN it moves to another config
    wait_for(lambda: seen or errors)
    config = resources.config(resources.model("v2.tar.gz"), capture=True)
    resources.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=config)
    description = resources.settled(name)
    wait_for(lambda: "2" in seen[-1:] or errors)
    done.set()
    asking.join()
    # THEN every request was answered, first by the old model, then by the new one
    assert not errors
    assert seen == sorted(seen)
    assert description["EndpointConfigName"] == config
    # AND the new server can be found, and each answer's record
    os.kill(resources.cloud.server_pid(name), 0)
    resources.sagemaker.delete_endpoint(EndpointName=name)
    # The old server's last records are still on their way while it is stopped.
    wait_for(lambda: sum(name in key for key, _ in resources.captured_records()) >= len(seen))
    assert sum(name in key for key, _ in resources.captured_records()) == len(seen)


@pytest.fixture(scope="module")
def broken_model(resources: Resources) -> str:
    """A model whose package the server cannot load."""
    resources.s3.put_object(
        Bucket=resources.models,
        Key="broken.tar.gz",
        Body=archive({"manifest.json": b"{}", "model.tflite": b"no model"}),
    )
    return resources.model("broken.tar.gz")


def test_an_update_that_does_not_become_healthy_keeps_the_old_config(resources: Resources, broken_model: str) -> None:
    old = resources.config(resources.model("v1.tar.gz"))
    name = resources.endpoint(old)
    resources.settled(name)
    resources.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=resources.config(broken_model))
    description = resources.settled(name)
    assert description["EndpointStatus"] == "InService"
    assert description["EndpointConfigName"] == old
    assert "did not pass the ping health check" in description["FailureReason"]
    assert resources.version_of(name) == "1"
    resources.sagemaker.delete_endpoint(EndpointName=name)


def test_a_creation_that_does_not_become_healthy_fails_with_the_reason(resources: Resources, broken_model: str) -> None:
    name = resources.endpoint(resources.config(broken_model))
    description = resources.settled(name)
    assert description["EndpointStatus"] == "Failed"
    assert "The last lines of its log" in description["FailureReason"]
    with pytest.raises(resources.runtime.exceptions.ValidationError, match="not in service"):
        resources.version_of(name)
    resources.sagemaker.delete_endpoint(EndpointName=name)


def test_a_package_that_is_no_archive_fails_the_endpoint(resources: Resources) -> None:
    resources.s3.put_object(Bucket=resources.models, Key="text.tar.gz", Body=b"not an archive")
    name = resources.endpoint(resources.config(resources.model("text.tar.gz")))
    assert "cannot be unpacked" in resources.settled(name)["FailureReason"]
    resources.sagemaker.delete_endpoint(EndpointName=name)


def test_a_killed_server_is_a_model_error_until_it_is_replaced(resources: Resources, endpoint: str) -> None:
    # GIVEN a server that dies
    pid = resources.cloud.server_pid(endpoint)
    os.kill(pid, signal.SIGKILL)
    # WHEN it is asked at once, THEN the runtime says so
    with pytest.raises(resources.runtime.exceptions.ModelError) as caught:
        resources.version_of(endpoint)
    response: Any = caught.value.response
    assert response["OriginalStatusCode"] == 500

    # AND another process takes its place
    def answered() -> str | None:
        with contextlib.suppress(resources.runtime.exceptions.ModelError):
            return resources.version_of(endpoint)
        return None

    assert wait_for(answered) == "1"
    assert resources.cloud.server_pid(endpoint) != pid


def test_requests_beyond_the_bound_are_throttled(resources: Resources) -> None:
    name = resources.endpoint(resources.config(resources.model(environment={"SIGNPOST_LOCAL_MAX_CONCURRENCY": "0"})))
    resources.settled(name)
    # boto3 would try again, with pauses.
    runtime = resources.cloud.client("sagemaker-runtime", retries={"total_max_attempts": 1})
    with pytest.raises(ClientError) as caught:
        runtime.invoke_endpoint(EndpointName=name, ContentType="image/png", Body=picture())
    assert error_of(caught) == ("ThrottlingException", 400)
    resources.sagemaker.delete_endpoint(EndpointName=name)


def test_an_asynchronous_answer_or_failure_comes_to_s3(resources: Resources) -> None:
    # GIVEN an asynchronous endpoint, a picture in S3 and a file that is none
    paths = {f"S3{kind}Path": f"s3://{resources.captured}/{kind}" for kind in ("Output", "Failure")}
    config = resources.config(resources.model(), AsyncInferenceConfig={"OutputConfig": paths})
    name = resources.endpoint(config)
    resources.settled(name)
    for key, body in {"in.png": picture(), "in.txt": b"no picture"}.items():
        resources.s3.put_object(Bucket=resources.models, Key=key, Body=body)

    def wait_for_object(uri: str) -> bytes:
        def content() -> bytes | None:
            with contextlib.suppress(resources.s3.exceptions.NoSuchKey):
                return resources.s3.get_object(Bucket=resources.captured, Key=uri.split("/", 3)[3])["Body"].read()
            return None

        return wait_for(content)

    def ask(key: str) -> dict[str, Any]:
        location = f"s3://{resources.models}/{key}"
        return resources.runtime.invoke_endpoint_async(
            EndpointName=name, InputLocation=location, ContentType="image/png", InferenceId=key
        )

    # WHEN it is asked, THEN it accepts at once
    accepted = ask("in.png")
    assert (accepted["ResponseMetadata"]["HTTPStatusCode"], accepted["InferenceId"]) == (202, "in.png")
    # AND the answer is where it said; what cannot be answered, or not be read, is a failure with its reason
    assert json.loads(wait_for_object(accepted["OutputLocation"]))["predictions"]
    assert b"client error (400)" in wait_for_object(ask("in.txt")["FailureLocation"])
    assert b"NoSuchKey" in wait_for_object(ask("missing")["FailureLocation"])
    resources.sagemaker.delete_endpoint(EndpointName=name)


def test_only_an_asynchronous_endpoint_is_asked_asynchronously(resources: Resources, endpoint: str) -> None:
    with pytest.raises(ClientError, match="not asynchronous") as caught:
        resources.runtime.invoke_endpoint_async(EndpointName=endpoint, InputLocation="s3://bucket/key")
    assert error_of(caught) == ("ValidationError", 400)


def test_a_caller_may_invoke_what_its_policy_names_and_nothing_else(resources: Resources, endpoint: str) -> None:
    # GIVEN a user who may invoke one endpoint
    arn = f"arn:aws:sagemaker:{resources.cloud.region}:{resources.cloud.account}:endpoint/{endpoint}"
    key = resources.user_key(("sagemaker:InvokeEndpoint", arn))
    runtime, control = (resources.cloud.client(name, key) for name in ("sagemaker-runtime", "sagemaker"))
    # WHEN it is that one, THEN it answers
    assert runtime.invoke_endpoint(EndpointName=endpoint, ContentType="image/png", Body=picture())["Body"].read()
    # WHEN it is another endpoint, one that exists or not, or another action, THEN it is denied
    for forbidden in (
        lambda: runtime.invoke_endpoint(EndpointName=endpoint + "x", Body=b"0"),
        lambda: runtime.invoke_endpoint_async(EndpointName=endpoint, InputLocation="s3://a/b"),
        lambda: control.describe_endpoint(EndpointName=endpoint),
        lambda: control.delete_endpoint(EndpointName=endpoint),
        lambda: control.list_models(),
    ):
        with pytest.raises(ClientError) as caught:
            forbidden()
        assert error_of(caught) == ("AccessDeniedException", 403)


def test_an_endpoint_that_is_deleted_while_it_is_created_leaves_no_process(resources: Resources) -> None:
    name = resources.endpoint(resources.config(resources.model()))
    pid = wait_for(lambda: next(iter(pids_of(resources.cloud, name)), None))
    resources.sagemaker.delete_endpoint(EndpointName=name)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def pids_of(cloud: Cloud, endpoint: str) -> list[int]:
    files = (cloud.state_dir / "endpoints" / endpoint).glob("*/*.pid")
    return [int(text) for text in (file.read_text() for file in files) if text]


def test_a_deleted_endpoint_leaves_no_process(resources: Resources) -> None:
    name = resources.endpoint(resources.config(resources.model()))
    resources.settled(name)
    pid = resources.cloud.server_pid(name)
    resources.sagemaker.delete_endpoint(EndpointName=name)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(ClientError, match="Could not find endpoint"):
        resources.sagemaker.describe_endpoint(EndpointName=name)
