"""The SageMaker service as MiniStack sees it: it answers requests, and its state is saved and loaded."""

import asyncio
import json
import logging
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ministack.core.concurrency import run_reentrant

from localcloud.answers import Answer, ServiceError, json_answer
from localcloud.process import wait_until_healthy
from localcloud.sagemaker.control_plane import ControlPlane
from localcloud.sagemaker.invocation import invoke

logger = logging.getLogger("localcloud.sagemaker")

# What creates a thing, what deletes it, and the member that names it; in the order in which they depend on another.
_KINDS = {
    "models": ("CreateModel", "DeleteModel", "ModelName"),
    "endpoint_configs": ("CreateEndpointConfig", "DeleteEndpointConfig", "EndpointConfigName"),
}


class SageMaker:
    """Control plane and runtime.

    Parameters
    ----------
    folder : Path
        Where the endpoints keep packages and logs.
    port : int
        The local cloud's port.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self._port = port
        self.control = ControlPlane(folder, port)
        self._requests: dict[str, dict[str, Any]] = {kind: {} for kind in _KINDS}
        self._restored = threading.Event()
        self._restored.set()
        self._final_state: dict[str, Any] | None = None

    async def handle_request(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, query_params: Mapping[str, Any]
    ) -> Answer:
        """Answer a request to the control plane; MiniStack's handler signature."""
        del method, path, query_params
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        return await run_reentrant(self._answer, operation, body)

    async def handle_invocation(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, query_params: Mapping[str, Any]
    ) -> Answer:
        """Answer a request to the runtime; MiniStack's handler signature."""
        del method, query_params
        try:
            if not self._restored.is_set():
                await run_reentrant(self._restored.wait)
            return await asyncio.to_thread(invoke, self.control.endpoints, path, headers, body)
        except ServiceError as error:
            return error.answer()

    def call(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Carry out an operation of the control plane.

        Parameters
        ----------
        operation : str
            Its name.
        parameters : dict
            Its input.

        Returns
        -------
        dict
            Its output.

        Raises
        ------
        ServiceError
            If it fails.
        """
        self._restored.wait()
        handler = self.control.operations.get(operation)
        answer = handler(parameters) if handler else self.control.moto.call(operation, parameters)
        for kind, (create, delete, key) in _KINDS.items():
            if operation == create:
                self._requests[kind][parameters[key]] = parameters
            elif operation == delete:
                self._requests[kind].pop(parameters[key], None)
        return answer

    def close(self) -> None:
        """Flush captured data and stop every endpoint; what is saved afterwards is the state of before."""
        self._final_state = self.get_state()
        self.control.stop()

    def get_state(self) -> dict[str, Any]:
        """Return what brings everything back: the requests that made it, and the endpoints' variants."""
        if self._final_state is not None:
            return self._final_state
        endpoints = [
            {
                "EndpointName": endpoint.name,
                "EndpointConfigName": endpoint.record.endpoint_config_name,
                "Variants": endpoint.record.production_variants,
            }
            for endpoint in self.control.endpoints.values()
            if endpoint.status != "Failed"
        ]
        return {**{kind: list(made.values()) for kind, made in self._requests.items()}, "endpoints": endpoints}

    def load_persisted_state(self, state: dict[str, Any]) -> None:
        """Bring back what `get_state` returned, in the background: endpoints fetch their packages over HTTP."""
        self._restored.clear()
        threading.Thread(target=self._restore, args=(state,), name="restore-sagemaker", daemon=True).start()

    def reset(self) -> None:
        """Delete everything."""
        self.control.stop()
        for kind, (_, delete, key) in _KINDS.items():
            for name in list(self._requests[kind]):
                self.call(delete, {key: name})

    def _restore(self, state: dict[str, Any]) -> None:
        try:
            wait_until_healthy(self._port)
            for parameters in state["models"]:
                self.control.create_model(parameters, check=False)
            for parameters in state["endpoint_configs"]:
                self.control.create_endpoint_config(parameters)
            for kind, (_, _, key) in _KINDS.items():
                self._requests[kind] = {parameters[key]: parameters for parameters in state[kind]}
            for saved in state["endpoints"]:
                names = {key: saved[key] for key in ("EndpointName", "EndpointConfigName")}
                self.control.create_endpoint(names, status="SystemUpdating")
                self.control.endpoints[saved["EndpointName"]].record.production_variants = saved["Variants"]
        except Exception:
            logger.exception("The SageMaker resources of the last run could not be brought back")
        finally:
            self._restored.set()

    def _answer(self, operation: str, body: bytes) -> Answer:
        if operation.startswith(("Describe", "List")):
            self._restored.wait()
            return self.control.moto.forward(operation, body)
        try:
            return json_answer(self.call(operation, json.loads(body or b"{}")))
        except ServiceError as error:
            return error.answer()
