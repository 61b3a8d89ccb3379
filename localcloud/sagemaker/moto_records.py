"""Moto's SageMaker: its backend and its records."""

import functools
from typing import Any

from localcloud.answers import ServiceError
from localcloud.credentials import ACCOUNT_ID, REGION
from localcloud.moto_backend import MotoBackend


def sagemaker_backend() -> MotoBackend:
    """Return moto's control plane of SageMaker.

    Returns
    -------
    MotoBackend
        The backend.
    """
    return MotoBackend("sagemaker", "SageMakerResponse", "SageMaker.", f"api.sagemaker.{REGION}.amazonaws.com")


def refuse_second(moto: MotoBackend, kind: str, operation: str, key: str, parameters: dict[str, Any]) -> None:
    """Refuse to create what is there already, as AWS does; moto overwrites.

    Parameters
    ----------
    moto : MotoBackend
        The control plane.
    kind : str
        What is created, in words.
    operation : str
        The operation that describes it.
    key : str
        The member that names it.
    parameters : dict
        Input of the creation.

    Raises
    ------
    ServiceError
        `ValidationException`, if there is one of that name.
    """
    try:
        moto.call(operation, {key: parameters[key]})
    except ServiceError:
        return
    raise ServiceError("ValidationException", f"Cannot create already existing {kind} '{parameters[key]}'.")


def moto_records(kind: str) -> Any:
    """Return moto's records of one kind, which its descriptions show.

    Parameters
    ----------
    kind : str
        Name of the backend's attribute, such as `training_jobs`.

    Returns
    -------
    dict
        The records themselves, by name: what is set in one is described from then on.
    """
    from moto.sagemaker.models import sagemaker_backends

    return getattr(sagemaker_backends[ACCOUNT_ID][REGION], kind)


@functools.cache
def allow_variants_without_model() -> None:
    """Let moto take endpoint configs for inference components, whose variants have no model."""
    from moto.sagemaker.models import SageMakerModelBackend

    check = SageMakerModelBackend.validate_production_variants

    def validate_production_variants(self: Any, production_variants: list[dict[str, Any]]) -> None:
        check(self, [variant for variant in production_variants if "ModelName" in variant])

    SageMakerModelBackend.validate_production_variants = validate_production_variants
