"""Where a classifier's model runs. Apart from the settings, so that a function loads no more than it needs."""

from enum import StrEnum


class Hosting(StrEnum):
    """Where a classifier's model runs."""

    REALTIME = "realtime"
    SERVERLESS = "serverless"
    ASYNC = "async"
    LAMBDA = "lambda"
    OFF = "off"

    @property
    def has_endpoint(self) -> bool:
        """Whether SageMaker serves the model."""
        return self in (Hosting.REALTIME, Hosting.SERVERLESS, Hosting.ASYNC)
