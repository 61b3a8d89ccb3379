"""What the stacks make is what the sums count."""

import pytest

from signpost.cost import prices
from signpost.cost.pricing import alarm_terms
from signpost.settings.file import Hosting
from tests.infrastructure.endpoints import resource_of
from tests.infrastructure.synthesis import Synthesis, Template

# Application Auto Scaling makes one above and one below the target, and CloudFormation does not see them.
_ALARMS_OF_A_TARGET = 2


@pytest.mark.parametrize(
    ("synthesis", "hosting", "name"),
    [
        ("on_aws", Hosting.REALTIME, "signpost-vehicle-realtime-m5-large"),
        ("every_hosting", Hosting.SERVERLESS, "signpost-serverless-serverless-2048-mb"),
        ("every_hosting", Hosting.ASYNC, "signpost-async-async-m5-large"),
        ("every_hosting", Hosting.COMPONENTS, "signpost-components-components-m5-large"),
    ],
)
def test_every_alarm_is_counted(synthesis: str, hosting: Hosting, name: str, request: pytest.FixtureRequest) -> None:
    stacks: Synthesis = request.getfixturevalue(synthesis)
    alarms = [alarm["Properties"] for alarm in stacks.resources("AWS::CloudWatch::Alarm").values()]
    own = sum(_metrics(alarm) for alarm in alarms if f"'{name}'" in str(alarm))
    others = ("SageMaker", "Known", "ApiGateway")
    routing = sum(_metrics(alarm) for alarm in alarms if not any(other in str(alarm) for other in others))
    tracked = [
        policy
        for policy in stacks.resources("AWS::ApplicationAutoScaling::ScalingPolicy").values()
        if policy["Properties"]["PolicyType"] == "TargetTrackingScaling"
        and resource_of(stacks, policy).startswith((f"endpoint/{name}/", f"inference-component/{name}"))
    ]
    counted = {t.what: t.quantity for t in alarm_terms(hosting) if t.price is prices.ALARM_MONTH}
    assert counted["routing"] == routing
    assert counted.get("endpoint", 0) == own + _ALARMS_OF_A_TARGET * len(tracked)


def _metrics(alarm: Template) -> int:
    """An alarm is paid for by the metrics that it looks at."""
    return sum("MetricStat" in metric for metric in alarm.get("Metrics", [])) or 1
