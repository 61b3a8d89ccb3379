"""The life of an endpoint: created, updated with a rollback, deleted; its record is moto's."""

import logging
import random
import threading
from collections.abc import Callable
from typing import Any

from localcloud.sagemaker.deployment import Deployment, StartError
from localcloud.sagemaker.endpoint_events import announce
from localcloud.sagemaker.guarded_update import RollbackError, shift_traffic
from localcloud.sagemaker.update_policy import UpdatePolicy
from localcloud.sagemaker.variants import pending_deployment

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
        # The coming deployment's share of the requests.
        self._share = 0.0
        self._settled = threading.Event()
        self._deleted = threading.Event()
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

    def update(self, deployment: Deployment, settings: dict[str, Any], policy: UpdatePolicy) -> None:
        """Move to another deployment in the background; the present one takes all requests again if that fails.

        Parameters
        ----------
        deployment : Deployment
            What to run.
        settings : dict
            Members of the record that the end of the update sets.
        policy : UpdatePolicy
            How traffic moves, and what undoes it.
        """
        self._change("Updating", deployment, lambda: self._move(deployment, settings, policy))

    def choose(self) -> Deployment | None:
        """Choose who answers a request: during an update, the new deployment as often as its share says.

        Returns
        -------
        Deployment or None
            One that runs; None if there is none.
        """
        coming = self._coming
        # A share of traffic, not a secret.
        return coming if coming and random.random() < self._share else self.deployment  # noqa: S311

    def serves_with(self, deployment: Deployment) -> bool:
        """Tell whether a deployment gets requests, or will until its end.

        Parameters
        ----------
        deployment : Deployment
            One that got a request.

        Returns
        -------
        bool
            False for one that an update or its rollback has replaced meanwhile.
        """
        return deployment is self.deployment or (deployment is self._coming and self._share > 0)

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
            self._deleted.set()
            deployments = [self.deployment, self._coming]
            self.deployment = None
        for deployment in deployments:
            if deployment:
                deployment.stop()

    def _change(self, status: str, deployment: Deployment, work: Callable[[], None]) -> None:
        # Of its own: the next change may begin while this one still ends its old processes.
        settled = self._settled = threading.Event()
        self._coming = deployment
        self._enter(status)

        def run() -> None:
            try:
                work()
            finally:
                if self._coming is deployment:
                    self._coming, self._share = None, 0.0
                settled.set()

        threading.Thread(target=run, name=f"endpoint-{self.name}", daemon=True).start()

    def _first_start(self, deployment: Deployment) -> None:
        try:
            deployment.start()
        except StartError as error:
            logger.error("Endpoint %s failed: %s", self.name, error)
            self.record.failure_reason = str(error)
            self._enter("Failed")
        else:
            self._take(deployment, {})

    def _move(self, deployment: Deployment, settings: dict[str, Any], policy: UpdatePolicy) -> None:
        def move(share: float, status: str) -> None:
            self._show_pending(settings, status, share)
            self._share = share

        move(0.0, "Creating")
        try:
            deployment.start()
            shift_traffic(policy, move, self._deleted)
        except (StartError, RollbackError) as error:
            self._roll_back(deployment, str(error))
        else:
            self._take(deployment, settings)

    def _show_pending(self, settings: dict[str, Any], status: str, share: float) -> None:
        self.record.pending_deployment_summary = pending_deployment(settings, status, share)

    def _roll_back(self, deployment: Deployment, reason: str) -> None:
        logger.error("Endpoint %s keeps its config, the update failed: %s", self.name, reason)
        self._share = 0.0
        self._enter("RollingBack")
        deployment.stop()
        self.record.failure_reason = reason
        self._settle()

    def _take(self, deployment: Deployment, settings: dict[str, Any]) -> None:
        with self._lock:
            if self._deleted.is_set():
                replaced = deployment
            else:
                replaced, self.deployment = self.deployment, deployment
                self._coming, self._share = None, 0.0
                for member, value in settings.items():
                    setattr(self.record, member, value)
                self.record.failure_reason = None
                self._settle()
        if replaced:
            replaced.stop()

    def _settle(self) -> None:
        self.record.pending_deployment_summary = None
        self._enter("InService")

    def _enter(self, status: str) -> None:
        self.record.endpoint_status = status
        announce(self.name, self.record)
