"""Where a classifier's model runs. Apart from the settings, so that a function loads no more than it needs."""

from __future__ import annotations

from enum import StrEnum


class Hosting(StrEnum):
    """Where a classifier's model runs."""

    REALTIME = "realtime"
    SERVERLESS = "serverless"
    ASYNC = "async"
    COMPONENTS = "components"
    LAMBDA = "lambda"
    OFF = "off"

    @property
    def has_endpoint(self) -> bool:
        """Whether SageMaker serves the model."""
        return self in (Hosting.REALTIME, Hosting.SERVERLESS, Hosting.ASYNC, Hosting.COMPONENTS)

    @property
    def ships(self) -> bool:
        """Whether the training machine brings a model that passed into production by itself."""
        return self.has_endpoint and self is not Hosting.COMPONENTS

    @property
    def sleeps(self) -> bool:
        """Whether it has no instance while no pictures come, and needs minutes to start one."""
        return self in (Hosting.ASYNC, Hosting.COMPONENTS)
