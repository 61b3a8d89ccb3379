"""Inference components: a model on an endpoint that has none of its own, down to no copy and back."""

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud import process
from tests.localcloud.running_cloud import Cloud, free_port, wait_for
from tests.localcloud.sagemaker_resources import Resources, picture


class Component:
    """A component on an endpoint of its own."""

    def __init__(self, resources: Resources) -> None:
        self.resources, self.sagemaker = resources, resources.sagemaker
        self.name = self.config = f"{resources.name}-component"
        variant = {"VariantName": "AllTraffic", "InstanceType": "ml.c7i.large", "InitialInstanceCount": 1}
        self.sagemaker.create_endpoint_config(
            EndpointConfigName=self.config, ExecutionRoleArn=resources.role, ProductionVariants=[variant]
        )
        self.endpoint = resources.endpoint(self.config)
        resources.settled(self.endpoint)

    def create(self, copies: int = 1) -> None:
        self.sagemaker.create_inference_component(
            InferenceComponentName=self.name,
            EndpointName=self.endpoint,
            VariantName="AllTraffic",
            Specification=self.specification("v1.tar.gz"),
            RuntimeConfig={"CopyCount": copies},
        )

    def specification(self, key: str) -> dict[str, Any]:
        return {
            "Container": {"Image": "local", "ArtifactUrl": f"s3://{self.resources.models}/{key}"},
            "ComputeResourceRequirements": {"MinMemoryRequiredInMb": 1024, "NumberOfCpuCoresRequired": 1.25},
        }

    def update(self, key: str, **settings: Any) -> None:
        self.sagemaker.update_inference_component(
            InferenceComponentName=self.name, Specification=self.specification(key), **settings
        )

    def scale(self, copies: int) -> None:
        self.sagemaker.update_inference_component_runtime_config(
            InferenceComponentName=self.name, DesiredRuntimeConfig={"CopyCount": copies}
        )

    def settled(self) -> dict[str, Any]:
        def description() -> dict[str, Any] | None:
            found = self.sagemaker.describe_inference_component(InferenceComponentName=self.name)
            return None if found["InferenceComponentStatus"] in ("Creating", "Updating") else found

        return wait_for(description, 90)

    def version(self, **named: str) -> str:
        answer = self.resources.runtime.invoke_endpoint(
            EndpointName=self.endpoint, ContentType="image/png", Body=picture(), **named
        )
        return json.load(answer["Body"])["model"]["version"]

    def answers_with(self) -> str:
        return self.version(InferenceComponentName=self.name)


@pytest.fixture
def component(cloud: Cloud) -> Iterator[Component]:
    made = Component(Resources(cloud))
    yield made
    made.sagemaker.delete_endpoint(EndpointName=made.endpoint)


def refused(call: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    assert error["Code"].startswith("Validation")
    return error["Message"]


def test_a_component_answers_updates_sleeps_and_wakes(component: Component) -> None:
    # GIVEN a component with a copy
    component.create()
    created = component.settled()
    assert created["InferenceComponentStatus"] == "InService"
    assert created["RuntimeConfig"] == {"DesiredCopyCount": 1, "CurrentCopyCount": 1}
    assert created["Specification"]["Container"]["DeployedImage"]["SpecifiedImage"] == "local"
    assert component.answers_with() == "1"
    # WHEN it gets another package, THEN that answers
    component.update("v2.tar.gz")
    component.settled()
    assert component.answers_with() == "2"
    # WHEN it has no copy, THEN SageMaker's own words say so, and its metric counts it
    component.scale(0)
    assert component.settled()["RuntimeConfig"] == {"DesiredCopyCount": 0, "CurrentCopyCount": 0}
    assert "has no capacity to process this request" in refused(component.answers_with)
    metrics = component.resources.cloud.client("cloudwatch").list_metrics(
        Namespace="AWS/SageMaker", MetricName="NoCapacityInvocationFailures"
    )["Metrics"]
    assert [{"Name": "InferenceComponentName", "Value": component.name}] in [m["Dimensions"] for m in metrics]
    # WHEN it has one again, THEN it answers with what it had
    component.scale(1)
    assert component.settled()["RuntimeConfig"]["CurrentCopyCount"] == 1
    assert component.answers_with() == "2"
    # WHEN it is deleted, THEN it is gone
    component.sagemaker.delete_inference_component(InferenceComponentName=component.name)
    assert "not found" in refused(component.answers_with)


def test_a_package_that_cannot_be_served_leaves_the_former_one(component: Component) -> None:
    component.create()
    component.settled()
    component.resources.s3.put_object(Bucket=component.resources.models, Key="text.tar.gz", Body=b"no archive")
    component.update("text.tar.gz")
    assert "cannot be unpacked" in component.settled()["FailureReason"]
    assert component.answers_with() == "1"


def test_what_sagemaker_refuses_is_refused(component: Component) -> None:
    assert "larger than 0" in refused(lambda: component.create(copies=0))
    component.create()
    component.settled()
    assert "already existing" in refused(component.create)
    assert "Inference Component Name header is required" in refused(component.version)


def test_a_component_survives_a_restart_of_the_cloud(tmp_path: Path) -> None:
    running = process.start(tmp_path, free_port())
    try:
        component = Component(Resources(Cloud(running.port, tmp_path, running.pid)))
        component.create()
        component.settled()
        process.stop(tmp_path)
        process.start(tmp_path)

        def answer() -> str | None:
            with contextlib.suppress(ClientError):  # as long as it starts
                return component.answers_with()
            return None

        assert wait_for(answer) == "1"
    finally:
        process.stop(tmp_path)
