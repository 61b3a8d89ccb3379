"""A shadow variant gets copies; production answers as if it were alone, and both are captured for the comparison."""

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from signpost.aws.files import Bucket
from signpost.capture.json_lines import Lines
from signpost.capture.shadow import Comparison, compare
from tests.localcloud.running_cloud import Cloud, wait_for
from tests.localcloud.sagemaker_resources import Resources, picture

STAND_IN = Path(__file__).parent / "stand_in_server"
ROUTES = {"bicycle": "near", "motorcycle": "far"}
PICTURES = 8


@pytest.fixture(scope="module")
def resources(cloud: Cloud) -> Resources:
    return Resources(cloud)


def shadowed(resources: Resources, shadow: str, weight: float = 1.0) -> str:
    """An endpoint in service with version 1 of a model in production, and another model in its shadow."""
    variant = {
        "VariantName": "Shadow",
        "ModelName": shadow,
        "InstanceType": "ml.c7i.large",
        "InitialInstanceCount": 1,
        "InitialVariantWeight": weight,
    }
    config = resources.config(resources.model("v1.tar.gz"), capture=True, ShadowProductionVariants=[variant])
    name = resources.endpoint(config)
    description = resources.settled(name)
    assert description["EndpointStatus"] == "InService", description.get("FailureReason")
    assert [shadow["VariantName"] for shadow in description["ShadowProductionVariants"]] == ["Shadow"]
    return name


def compared(resources: Resources, endpoint: str) -> Comparison:
    return compare(Lines(Bucket(resources.s3, resources.captured)), f"data/{endpoint}/", ROUTES, {})


def stand_in(resources: Resources, behaviour: str) -> str:
    environment = {"BEHAVIOUR": behaviour, "PYTHONPATH": str(STAND_IN), "PYTHONSAFEPATH": "1"}
    return resources.model("v2.tar.gz", environment)


def ask(resources: Resources, endpoint: str) -> set[str]:
    """Ask about pictures of which no two are alike, and return who answered."""
    found = set()
    for _ in range(PICTURES):
        answer = resources.runtime.invoke_endpoint(EndpointName=endpoint, ContentType="image/png", Body=picture())
        found.add(answer["InvokedProductionVariant"])
    return found


def test_both_answers_to_the_same_pictures_are_captured_and_one_is_given(resources: Resources) -> None:
    # GIVEN a model in the shadow that calls everything a motorcycle
    endpoint = shadowed(resources, stand_in(resources, "answers"))
    # WHEN pictures are asked, THEN production alone answers
    assert ask(resources, endpoint) == {"AllTraffic"}
    # AND the comparison has every picture twice
    found: Any = wait_for(lambda: (result := compared(resources, endpoint)).pairs == PICTURES and result)
    assert (found.production, found.shadow, found.bad) == ({"1"}, {"stand-in"}, [])
    assert (found.only_production, found.only_shadow) == (0, 0)
    # AND the shadow's invocations are measured as its own
    metrics = resources.cloud.client("cloudwatch").list_metrics(Namespace="AWS/SageMaker", MetricName="Invocations")
    names = {tuple(sorted(d["Value"] for d in metric["Dimensions"])) for metric in metrics["Metrics"]}
    assert {tuple(sorted((endpoint, variant))) for variant in ("AllTraffic", "Shadow")} <= names
    resources.sagemaker.delete_endpoint(EndpointName=endpoint)


def test_a_shadow_that_fails_hurts_nobody(resources: Resources) -> None:
    endpoint = shadowed(resources, stand_in(resources, "crashes"))
    assert ask(resources, endpoint) == {"AllTraffic"}
    found: Any = wait_for(lambda: (result := compared(resources, endpoint)).only_production == PICTURES and result)
    assert found.pairs == 0
    resources.sagemaker.delete_endpoint(EndpointName=endpoint)


def test_a_shadow_stands_beside_one_variant(resources: Resources) -> None:
    model = resources.model("v1.tar.gz")
    variant = {
        "VariantName": "Shadow",
        "ModelName": model,
        "InstanceType": "ml.c7i.large",
        "InitialInstanceCount": 1,
    }
    with pytest.raises(ClientError, match="there is one of them"):
        resources.config(model, model, ShadowProductionVariants=[variant])
