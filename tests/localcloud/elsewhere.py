"""Settings of the second app that the tests deploy: all that the repository's own signpost.toml does not use."""

from tests.conftest import ROOT

PAGE = "https://shop.example.com"
HOSTINGS = {"vehicle": "lambda", "without-servers": "serverless", "some-time": "async", "now-and-then": "components"}
SWITCHED_OFF = {"not-yet": "off"}
_APP = f"""
[app]
name = "elsewhere"
default_classifier = "vehicle"
[api]
authorisation = "cognito"
cors_origins = ["{PAGE}"]
requests_per_second = 2
burst = 20
requests_per_day = 1000
[review]
deployed = true
"""
_CLASSIFIER = """
[classifiers.{name}]
model = "{root}/models/vehicle"
hosting = "{hosting}"
[classifiers.{name}.routes]
nearby-orders = {{ labels = ["bicycle"] }}
distant-orders = {{ labels = ["motorcycle"] }}
"""


def elsewhere_settings() -> str:
    """Return the text of the second app's signpost.toml: a classifier for each of the other hostings."""
    hostings = HOSTINGS | SWITCHED_OFF
    return _APP + "".join(
        _CLASSIFIER.format(name=name, hosting=hosting, root=ROOT) for name, hosting in hostings.items()
    )
