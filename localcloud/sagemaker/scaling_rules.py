"""Refusals of SageMaker and Application Auto Scaling for endpoints whose variants are scaled."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from localcloud.answers import ServiceError

if TYPE_CHECKING:
    from localcloud.sagemaker.endpoint import Endpoint


def check_instance_types(endpoint: "Endpoint", config: dict[str, Any], scaled: Iterable[str]) -> None:
    """Refuse an update that changes the instance type of a variant that is a scalable target.

    (https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-scaling-update.html; the wording is ours.)

    Parameters
    ----------
    endpoint : Endpoint
        The endpoint as it is.
    config : dict
        Description of the new endpoint config.
    scaled : iterable of str
        Resource ids of all scalable targets.

    Raises
    ------
    ServiceError
        `ValidationException`, naming the variant.
    """
    if endpoint.deployment is None:
        return
    present = _instance_types(endpoint.deployment.config)
    for variant, instance_type in _instance_types(config).items():
        if f"endpoint/{endpoint.name}/variant/{variant}" in set(scaled) and present.get(variant) != instance_type:
            message = (
                f"The instance type of the variant {variant} can't be changed while it is registered as a scalable "
                "target. Deregister it first."
            )
            raise ServiceError("ValidationException", message)


def check_target(resource_id: str, variants_of: Callable[[str], list[str]]) -> None:
    """Refuse to register a variant that does not exist.

    Parameters
    ----------
    resource_id : str
        Such as `endpoint/<name>/variant/<variant>`; another resource is not looked at.
    variants_of : callable
        Returns the names of an endpoint's variants, or raises.

    Raises
    ------
    ServiceError
        `ValidationException`, if there is no such endpoint or variant.
    """
    kind, _, rest = resource_id.partition("/")
    if kind != "endpoint":
        return
    name, _, variant = rest.partition("/variant/")
    if variant not in variants_of(name):
        raise ServiceError("ValidationException", f"Could not find the variant {variant} of the endpoint {name}.")


def _instance_types(config: dict[str, Any]) -> dict[str, str | None]:
    return {variant["VariantName"]: variant.get("InstanceType") for variant in config["ProductionVariants"]}
