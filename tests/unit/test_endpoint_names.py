"""An endpoint's name carries hosting and size, and its classifier is recognised by names of every release."""

import pytest

from signpost.settings.endpoint import EndpointSettings, classifier_of_endpoint, endpoint_name
from signpost.settings.hosting import Hosting

CLASSIFIERS = ["vehicle", "vehicle-async", "dog-breed"]


@pytest.mark.parametrize(
    ("hosting", "name"),
    [
        (Hosting.REALTIME, "signpost-vehicle-realtime-c7g-2xlarge"),
        (Hosting.ASYNC, "signpost-vehicle-async-c7g-2xlarge"),
        (Hosting.COMPONENTS, "signpost-vehicle-components-c7g-2xlarge"),
        (Hosting.SERVERLESS, "signpost-vehicle-serverless-4096-mb"),
    ],
)
def test_what_sagemaker_cannot_change_in_place_is_in_the_name(hosting: Hosting, name: str) -> None:
    settings = EndpointSettings(instance_type="ml.c7g.2xlarge", memory_mb=4096)
    assert endpoint_name("signpost", "vehicle", hosting, settings) == name


@pytest.mark.parametrize("classifier", CLASSIFIERS)
@pytest.mark.parametrize("hosting", [hosting for hosting in Hosting if hosting.has_endpoint])
@pytest.mark.parametrize("instance_type", ["ml.m5.large", "ml.g4dn.12xlarge", "ml.u-6tb1.metal"])
def test_the_classifier_of_every_endpoint_is_recognised(classifier: str, hosting: Hosting, instance_type: str) -> None:
    name = endpoint_name("signpost", classifier, hosting, EndpointSettings(instance_type=instance_type))
    assert classifier_of_endpoint("signpost", CLASSIFIERS, name) == classifier


@pytest.mark.parametrize(
    ("endpoint", "classifier"),
    [
        ("signpost-vehicle", "vehicle"),
        ("signpost-vehicle-serverless", "vehicle"),
        ("signpost-dog-breed-components", "dog-breed"),
        # Two endpoints of release 0.1.0 could have this name; that of the longer classifier is certain to exist.
        ("signpost-vehicle-async", "vehicle-async"),
    ],
)
def test_names_of_release_0_1_0_are_recognised(endpoint: str, classifier: str) -> None:
    assert classifier_of_endpoint("signpost", CLASSIFIERS, endpoint) == classifier


@pytest.mark.parametrize(
    "endpoint",
    ["vehicle", "other-vehicle", "signpost-vehicles", "signpost-vehicle-lambda", "signpost-vehicle-canary"],
)
def test_an_endpoint_of_somebody_else_has_no_classifier(endpoint: str) -> None:
    assert classifier_of_endpoint("signpost", CLASSIFIERS, endpoint) is None
