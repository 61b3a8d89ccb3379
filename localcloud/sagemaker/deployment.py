"""What an endpoint runs: one model server for each production variant of an endpoint config."""

import contextlib
import logging
import shutil
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.answers import ServiceError
from localcloud.execution_role import client_of_role
from localcloud.sagemaker.capture import CaptureWriter
from localcloud.sagemaker.model_package import PRINCIPAL, FetchError, fetch
from localcloud.sagemaker.server_process import ServerProcess

logger = logging.getLogger("localcloud.endpoint")

DEFAULT_STARTUP_SECONDS = 60
# Longer than a call still takes once its server has ended.
LAST_CALLS_SECONDS = 10.0
# Set in a model's container environment, it makes more requests at once answer a ThrottlingException.
CONCURRENCY_VARIABLE = "SIGNPOST_LOCAL_MAX_CONCURRENCY"


class StartError(Exception):
    """The variants did not become healthy; the message is fit for a `FailureReason`."""


@dataclass(frozen=True)
class Variant:
    """A running production variant.

    Parameters
    ----------
    server : ServerProcess
        The one process that serves it. The instance count is recorded, not multiplied: one machine has no more.
    role_arn : str
        Execution role of its model.
    slots : threading.BoundedSemaphore or None
        How many requests it takes at once; without a bound, None.
    startup_seconds : int
        How long it may take to become healthy.
    """

    server: ServerProcess
    role_arn: str
    slots: threading.BoundedSemaphore | None
    startup_seconds: int


class Deployment:
    """The processes behind an endpoint config, its shadow's too, and the writer of its captured data.

    Parameters
    ----------
    endpoint : str
        Name of the endpoint.
    config : dict
        Description of the endpoint config.
    models : dict of str to dict
        Descriptions of the models that it names.
    folder : Path
        Folder of the endpoint, in which each deployment has its own for packages and logs.
    port : int
        The local cloud's port.
    component : str or None
        The inference component that this is.
    """

    def __init__(
        self,
        endpoint: str,
        config: dict[str, Any],
        models: dict[str, dict[str, Any]],
        folder: Path,
        port: int,
        *,
        component: str | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.component = component
        self.config = config
        self.variants: dict[str, Variant] = {}
        self.shadows: dict[str, Variant] = {}
        self.capture: CaptureWriter | None = None
        self._models = models
        # Of its own: during an update two deployments have a variant of the same name.
        self._folder = folder / uuid.uuid4().hex[:8]
        self._port = port
        self._stopped = False
        self._calls = 0
        self._changed = threading.Condition()

    def start(self) -> None:
        """Fetch the packages, start the servers, wait until all are healthy.

        Raises
        ------
        StartError
            If one cannot be fetched or does not become healthy, or if it was stopped meanwhile; nothing is left
            running then.
        """
        try:
            for settings in self.config["ProductionVariants"]:
                # One without a model is there for inference components.
                if "ModelName" in settings:
                    self._start_variant(settings, self.variants)
            for settings in self.config.get("ShadowProductionVariants", []):
                self._start_variant(settings, self.shadows)
            for name, variant in (self.variants | self.shadows).items():
                if not variant.server.wait_until_ready(variant.startup_seconds):
                    raise StartError(
                        f"The primary container for production variant {name} did not pass the ping health check. "
                        f"The last lines of its log: {variant.server.last_log_lines()}"
                    )
            self._start_capture()
        except Exception as error:
            self.stop()
            if not isinstance(error, (StartError, FetchError, ServiceError)):
                logger.exception("The processes of %s could not be started", self.endpoint)
            raise StartError(str(error) or repr(error)) from error

    @contextlib.contextmanager
    def answering(self) -> Iterator[None]:
        """Count a call, so that captured data is not closed before its record is there."""
        with self._changed:
            self._calls += 1
        try:
            yield
        finally:
            with self._changed:
                self._calls -= 1
                self._changed.notify_all()

    def stop(self) -> None:
        """End every process, wait for the calls that they still answered, flush captured data, remove the packages.

        A start on its way ends when it gets there.
        """
        with self._changed:
            self._stopped = True
            variants = [*self.variants.values(), *self.shadows.values()]
        with ThreadPoolExecutor(max_workers=max(1, len(variants))) as pool:
            list(pool.map(lambda variant: variant.server.stop(), variants))
        with self._changed:
            self._changed.wait_for(lambda: self._calls == 0, LAST_CALLS_SECONDS)
            capture, self.capture = self.capture, None
        if capture:
            capture.close()
        shutil.rmtree(self._folder / "packages", ignore_errors=True)

    def _start_variant(self, settings: dict[str, Any], started: dict[str, Variant]) -> None:
        name = settings["VariantName"]
        model = self._models[settings["ModelName"]]
        container = model["PrimaryContainer"]
        package = self._folder / "packages" / name
        fetch(container["ModelDataUrl"], model["ExecutionRoleArn"], package, self._port)
        environment = container.get("Environment", {})
        bound = environment.get(CONCURRENCY_VARIABLE) or settings.get("ServerlessConfig", {}).get("MaxConcurrency")
        server = ServerProcess(f"{self.endpoint}/{name}", package, environment, self._folder / f"{name}.log")
        variant = Variant(
            server=server,
            role_arn=model["ExecutionRoleArn"],
            slots=threading.BoundedSemaphore(int(bound)) if bound else None,
            startup_seconds=settings.get("ContainerStartupHealthCheckTimeoutInSeconds", DEFAULT_STARTUP_SECONDS),
        )
        with self._changed:
            if self._stopped:
                raise StartError("The endpoint was deleted.")
            server.start()
            started[name] = variant

    def _start_capture(self) -> None:
        capture = self.config.get("DataCaptureConfig", {})
        if capture.get("EnableCapture"):
            clients = {
                name: client_of_role(variant.role_arn, PRINCIPAL, "s3", self._port)
                for name, variant in (self.variants | self.shadows).items()
            }
            with self._changed:
                if not self._stopped:
                    self.capture = CaptureWriter(self.endpoint, capture, clients)
