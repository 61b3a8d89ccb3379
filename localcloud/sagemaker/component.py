"""The life of an inference component: as an endpoint's, and its processes may be none."""

import datetime as dt
import threading
from dataclasses import dataclass, field
from typing import Any

from localcloud.credentials import ACCOUNT_ID, REGION
from localcloud.sagemaker.deployment import Deployment
from localcloud.sagemaker.endpoint import Endpoint


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass
class ComponentRecord:
    """What `DescribeInferenceComponent` shows.

    Parameters
    ----------
    name, endpoint_name, variant_name : str
        Who it is, and where.
    specification : dict
        What a copy runs.
    copies : int
        How many of them; one process serves them all.
    """

    name: str
    endpoint_name: str
    variant_name: str
    specification: dict[str, Any]
    copies: int
    endpoint_status: str = "Creating"
    failure_reason: str | None = None
    pending_deployment_summary: None = None
    last_deployment_config: dict[str, Any] | None = None
    creation_time: dt.datetime = field(default_factory=_now)
    last_modified_time: dt.datetime = field(default_factory=_now)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:sagemaker:{REGION}:{ACCOUNT_ID}:inference-component/{self.name}"


class Component(Endpoint):
    """One inference component.

    Parameters
    ----------
    record : ComponentRecord
        What it says of itself.
    """

    record: ComponentRecord

    def __init__(self, record: ComponentRecord) -> None:
        super().__init__(record.name, record)

    @property
    def asleep(self) -> bool:
        """Whether it has no copy that serves."""
        return self.deployment is None

    def sleep(self) -> None:
        """End its processes, without waiting for the calls that they still answer."""
        with self._lock:
            ended, self.deployment = self.deployment, None
        if ended:
            threading.Thread(target=ended.stop, name=f"sleep-{self.name}", daemon=True).start()

    def wake(self, deployment: Deployment) -> None:
        """Start a copy in the background; until it runs there is no capacity.

        Parameters
        ----------
        deployment : Deployment
            What to run.
        """
        self.create(deployment, "Updating")

    def _show_pending(self, settings: dict[str, Any], status: str, share: float) -> None:
        """Show nothing: a component has no such description."""

    def _enter(self, status: str) -> None:
        """Change the status; SageMaker has no event for it."""
        self.record.endpoint_status = status
        self.record.last_modified_time = _now()
