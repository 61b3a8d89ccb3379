"""What an endpoint runs: one model server for each production variant of an endpoint config."""

import shutil
import threading
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.answers import ServiceError
from localcloud.execution_role import client_of_role
from localcloud.sagemaker.capture import CaptureWriter
from localcloud.sagemaker.model_package import PRINCIPAL, PackageError, fetch
from localcloud.sagemaker.server_process import ServerProcess

DEFAULT_STARTUP_SECONDS = 60
# Set in a model's container environment, it makes more requests at once answer a ThrottlingException.
CONCURRENCY_VARIABLE = "SIGNPOST_LOCAL_MAX_CONCURRENCY"


class DeploymentError(Exception):
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
    """The processes behind an endpoint config, and the writer of its captured data.

    Parameters
    ----------
    endpoint : str
        Name of the endpoint.
    config : dict
        Description of the endpoint config.
    models : dict of str to dict
        Descriptions of the models that it names.
    folder : Path
        Folder of the endpoint: logs, and a folder of packages for each deployment.
    port : int
        The local cloud's port.
    """

    def __init__(
        self, endpoint: str, config: dict[str, Any], models: dict[str, dict[str, Any]], folder: Path, port: int
    ) -> None:
        self.endpoint = endpoint
        self.config = config
        self.variants: dict[str, Variant] = {}
        self.capture: CaptureWriter | None = None
        self._models = models
        self._folder = folder
        self._packages = folder / f"packages-{uuid.uuid4().hex[:8]}"
        self._port = port

    def start(self) -> None:
        """Fetch the packages, start the servers, wait until all are healthy.

        Raises
        ------
        DeploymentError
            If one cannot be fetched or does not become healthy; nothing is left running then.
        """
        try:
            for settings in self.config["ProductionVariants"]:
                self.variants[settings["VariantName"]] = self._start_variant(settings)
            for name, variant in self.variants.items():
                if not variant.server.wait_until_ready(variant.startup_seconds):
                    raise DeploymentError(
                        f"The primary container for production variant {name} did not pass the ping health check. "
                        f"The last lines of its log: {variant.server.last_log_lines()}"
                    )
            self._start_capture()
        except (DeploymentError, PackageError, ServiceError) as error:
            self.stop()
            raise DeploymentError(str(error)) from error

    def stop(self) -> None:
        """Flush captured data, end every process, remove the packages."""
        if self.capture:
            self.capture.close()
        for variant in self.variants.values():
            variant.server.stop()
        shutil.rmtree(self._packages, ignore_errors=True)

    def _start_variant(self, settings: dict[str, Any]) -> Variant:
        name = settings["VariantName"]
        model = self._models[settings["ModelName"]]
        container = model["PrimaryContainer"]
        package = self._packages / name
        fetch(container["ModelDataUrl"], model["ExecutionRoleArn"], package, self._port)
        environment = container.get("Environment", {})
        bound = environment.get(CONCURRENCY_VARIABLE) or settings.get("ServerlessConfig", {}).get("MaxConcurrency")
        server = ServerProcess(f"{self.endpoint}/{name}", package, environment, self._folder / f"{name}.log")
        server.start()
        return Variant(
            server=server,
            role_arn=model["ExecutionRoleArn"],
            slots=threading.BoundedSemaphore(int(bound)) if bound else None,
            startup_seconds=settings.get("ContainerStartupHealthCheckTimeoutInSeconds", DEFAULT_STARTUP_SECONDS),
        )

    def _start_capture(self) -> None:
        capture = self.config.get("DataCaptureConfig", {})
        if capture.get("EnableCapture"):
            clients = {
                name: client_of_role(variant.role_arn, PRINCIPAL, "s3", self._port)
                for name, variant in self.variants.items()
            }
            self.capture = CaptureWriter(self.endpoint, capture, clients)
