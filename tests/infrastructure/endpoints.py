"""Finds an endpoint's resources in the templates."""

from typing import Any

from tests.infrastructure.synthesis import Synthesis, Template


def endpoint_named(synthesis: Synthesis, name: str) -> Template:
    endpoints = synthesis.resources("AWS::SageMaker::Endpoint").values()
    (properties,) = (e["Properties"] for e in endpoints if e["Properties"]["EndpointName"] == name)
    return properties


def configuration_of(synthesis: Synthesis, endpoint: str) -> Template:
    logical_id, _ = endpoint_named(synthesis, endpoint)["EndpointConfigName"]["Fn::GetAtt"]
    return dict(synthesis.routing["Resources"][logical_id]["Properties"])


def resource_of(synthesis: Synthesis, policy: Template) -> str:
    """What a policy scales; of a function, whose name CloudFormation fills in, only the text."""
    targets = synthesis.resources("AWS::ApplicationAutoScaling::ScalableTarget")
    target = targets[policy["Properties"]["ScalingTargetId"]["Ref"]]
    return str(target["Properties"]["ResourceId"])


def model_of(synthesis: Synthesis, endpoint: str) -> Template:
    (variant,) = configuration_of(synthesis, endpoint)["ProductionVariants"]
    logical_id, _ = variant["ModelName"]["Fn::GetAtt"]
    return synthesis.routing["Resources"][logical_id]["Properties"]


def scaling_of(synthesis: Synthesis, endpoint: str) -> tuple[Template, list[dict[str, Any]]]:
    targets = synthesis.resources("AWS::ApplicationAutoScaling::ScalableTarget")
    resource = f"endpoint/{endpoint}/variant/AllTraffic"
    ((name, target),) = ((n, t) for n, t in targets.items() if t["Properties"]["ResourceId"] == resource)
    policies = synthesis.resources("AWS::ApplicationAutoScaling::ScalingPolicy").values()
    return target, [p["Properties"] for p in policies if p["Properties"]["ScalingTargetId"]["Ref"] == name]
