"""The life of an endpoint: created, updated with a rollback, deleted; its record is moto's."""

import logging
import threading
from collections.abc import Callable
from typing import Any

from localcloud.sagemaker.deployment import Deployment, StartError

logger = logging.getLogger("localcloud.endpoint")


class Endpoint:
    """One endpoint.

    Parameters
    ----------
    name : str
        Its name.
    record : Any
        Moto's record of it, which `DescribeEndpoint` shows; its members are set here.
    """

    def __init__(self, name: str, record: Any) -> None:
        self.name = name
        self.record = record
        self.deployment: Deployment | None = None
        self._coming: Deployment | None = None
        self._settled = threading.Event()
        self._deleted = False
        self._lock = threading.Lock()

    @property
    def status(self) -> str:
        """As `DescribeEndpoint` shows it."""
        return self.record.endpoint_status

    def create(self, deployment: Deployment, status: str = "Creating") -> None:
        """Start it in the background.

        Parameters
        ----------
        deployment : Deployment
            What to run.
        status : str
            The status until it runs.
        """
        self._change(status, deployment, lambda: self._first_start(deployment))

    def update(self, deployment: Deployment, settings: dict[str, Any]) -> None:
        """Swap to another deployment in the background; the present one serves until then, and on if it fails.

        Parameters
        ----------
        deployment : Deployment
            What to run.
        settings : dict
            Members of the record that the swap sets.
        """
        self._change("Updating", deployment, lambda: self._swap(deployment, settings))

    def wait_until_settled(self, timeout: float) -> bool:
        """Wait for the end of a creation or update.

        Parameters
        ----------
        timeout : float
            Seconds to wait at most.

        Returns
        -------
        bool
            Whether it has ended.
        """
        return self._settled.wait(timeout)

    def delete(self) -> None:
        """Stop everything, a creation or update on its way too."""
        with self._lock:
            self._deleted = True
            deployments = [self.deployment, self._coming]
            self.deployment = None
        for deployment in deployments:
            if deployment:
                deployment.stop()

    def _change(self, status: str, deployment: Deployment, work: Callable[[], None]) -> None:
        self._settled.clear()
        self.record.endpoint_status = status
        self._coming = deployment

        def run() -> None:
            try:
                work()
            finally:
                self._coming = None
                self._settled.set()

        threading.Thread(target=run, name=f"endpoint-{self.name}", daemon=True).start()

    def _first_start(self, deployment: Deployment) -> None:
        try:
            deployment.start()
        except StartError as error:
            logger.error("Endpoint %s failed: %s", self.name, error)
            self.record.failure_reason = str(error)
            self.record.endpoint_status = "Failed"
        else:
            self._take(deployment, {})

    def _swap(self, deployment: Deployment, settings: dict[str, Any]) -> None:
        try:
            deployment.start()
        except StartError as error:
            logger.error("Endpoint %s keeps its config, the update failed: %s", self.name, error)
            self.record.failure_reason = str(error)
            self.record.endpoint_status = "InService"
        else:
            self._take(deployment, settings)

    def _take(self, deployment: Deployment, settings: dict[str, Any]) -> None:
        with self._lock:
            if self._deleted:
                replaced = deployment
            else:
                replaced, self.deployment = self.deployment, deployment
                for member, value in settings.items():
                    setattr(self.record, member, value)
                self.record.failure_reason = None
                self.record.endpoint_status = "InService"
        if replaced:
            replaced.stop()
