"""The table ``[classifiers.<name>.endpoint]`` of ``signpost.toml``, and the name of the endpoint."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from signpost.settings.hosting import Hosting
from signpost.settings.types import Different, ImageUri, InstanceType


class EndpointSettings(BaseModel):
    """Sizes of a SageMaker endpoint.

    Attributes
    ----------
    instance_type, max_instances
        For ``realtime``, ``async`` and ``components``.
    min_instances : int
        For ``realtime``; the others have none while no pictures come.
    invocations_per_instance : int
        Autoscaling target, per minute.
    memory_mb, max_concurrency
        For ``serverless``.
    capture_percent : int
        Share of requests whose data is captured; 0 switches capture off.
    capture : list
        Which sides are captured.
    update : str
        How traffic moves to a new model: one instance first, in equal steps, or all at once. A single instance can
        only move at once.
    image_uri : str or None
        Container image; None builds ``serving/Dockerfile``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    instance_type: InstanceType = "ml.m5.large"
    min_instances: int = Field(default=1, ge=1, le=100)
    max_instances: int = Field(default=2, ge=1, le=100)
    invocations_per_instance: int = Field(default=3000, gt=0)
    memory_mb: Literal[1024, 2048, 3072, 4096, 5120, 6144] = 2048
    max_concurrency: int = Field(default=10, ge=1, le=200)
    capture_percent: int = Field(default=100, ge=0, le=100)
    capture: Annotated[list[Literal["input", "output"]], Different] = Field(default=["input", "output"], min_length=1)
    update: Literal["canary", "linear", "all-at-once"] = "canary"
    image_uri: ImageUri | None = None

    @model_validator(mode="after")
    def _instances_in_order(self) -> EndpointSettings:
        if self.min_instances > self.max_instances:
            raise ValueError(f"min_instances ({self.min_instances}) is above max_instances ({self.max_instances})")
        return self

    @model_validator(mode="after")
    def _steps_have_instances(self) -> EndpointSettings:
        if self.update == "linear" and self.min_instances < 2:
            raise ValueError(
                'update = "linear" needs min_instances of 2 or more: a step moves whole instances, at most half of them'
            )
        return self


def endpoint_name(app: str, classifier: str, hosting: Hosting, settings: EndpointSettings) -> str:
    """Return the name of a classifier's endpoint, which carries the hosting and the size.

    SageMaker can't change the kind of an endpoint, nor the instance type of a variant that is a scalable target
    (https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-scaling-update.html). With another name, CloudFormation
    creates another endpoint before it deletes this one.

    Parameters
    ----------
    app : str
        ``app.name`` of the settings.
    classifier : str
        Name of the classifier.
    hosting : Hosting
        One that has an endpoint.
    settings : EndpointSettings
        Instance type, or memory of a serverless endpoint.

    Returns
    -------
    str
        For instance ``signpost-vehicle-realtime-m5-large`` or ``signpost-vehicle-serverless-2048-mb``.
    """
    serverless = hosting is Hosting.SERVERLESS
    size = f"{settings.memory_mb}-mb" if serverless else settings.instance_type.removeprefix("ml.").replace(".", "-")
    return f"{app}-{classifier}-{hosting}-{size}"


def classifier_of_endpoint(app: str, classifiers: Iterable[str], endpoint: str) -> str | None:
    """Return the classifier of an endpoint, whatever hosting and size it has or had.

    Parameters
    ----------
    app : str
        ``app.name`` of the settings.
    classifiers : iterable of str
        Names of the classifiers.
    endpoint : str
        Name of an endpoint. Up to release 0.1.0 it had no size, and that of a ``realtime`` endpoint no hosting.

    Returns
    -------
    str or None
        None for an endpoint that is not one of this app's.
    """
    hostings = "|".join(hosting for hosting in Hosting if hosting.has_endpoint)
    # The longest first: the endpoint of "bird-async" does not belong to a classifier "bird".
    for name in sorted(classifiers, key=len, reverse=True):
        if re.fullmatch(rf"{re.escape(f'{app}-{name}')}(-({hostings})(-[a-z0-9-]+)?)?", endpoint):
            return name
    return None
