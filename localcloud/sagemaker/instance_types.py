"""Which instance types an endpoint may name: those of the installed API model, moto's own list is years old."""

import functools
from typing import Any

import botocore.session


@functools.cache
def hosting_instance_types() -> frozenset[str]:
    """Return the instance types that SageMaker hosts on.

    Returns
    -------
    frozenset of str
        The values of `ProductionVariantInstanceType` in botocore's model.
    """
    model: Any = botocore.session.get_session().get_service_model("sagemaker")
    return frozenset(model.shape_for("ProductionVariantInstanceType").enum)


def validate(instance_type: str) -> None:
    """Refuse an instance type that SageMaker does not know.

    Parameters
    ----------
    instance_type : str
        Such as `ml.c6i.large`.

    Raises
    ------
    ValidationError
        Moto's, which becomes the request's answer.
    """
    from moto.sagemaker.exceptions import ValidationError

    if instance_type not in hosting_instance_types():
        raise ValidationError(
            message=f"Value '{instance_type}' at 'instanceType' failed to satisfy constraint: Member must satisfy enum "
            f"value set: {sorted(hosting_instance_types())}"
        )


def use_in_moto() -> None:
    """Let moto validate endpoint configs with the current list."""
    from moto.sagemaker.models import FakeEndpointConfig

    FakeEndpointConfig.validate_instance_type = lambda self, instance_type: validate(instance_type)  # noqa: ARG005
