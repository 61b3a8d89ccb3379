"""The SageMaker service as MiniStack sees it: it answers requests, and its state is saved and loaded."""

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ministack.core.concurrency import run_reentrant

from localcloud.answers import Answer, ServiceError, json_answer, read_json
from localcloud.api_input import check_input
from localcloud.credentials import ACCOUNT_ID, REGION
from localcloud.pass_role import check_rights
from localcloud.permissions import resource_arn
from localcloud.process import POLL_SECONDS, is_healthy
from localcloud.sagemaker import async_invocation, capture
from localcloud.sagemaker.async_invocation import invoke_async
from localcloud.sagemaker.control_plane import ControlPlane
from localcloud.sagemaker.invocation import invoke

logger = logging.getLogger("localcloud.sagemaker")

# What creates a thing, what deletes it, and the member that names it; in the order in which they depend on another.
_KINDS = {
    "models": ("CreateModel", "DeleteModel", "ModelName"),
    "endpoint_configs": ("CreateEndpointConfig", "DeleteEndpointConfig", "EndpointConfigName"),
}
State = dict[str, list[dict[str, Any]]]


class SageMaker:
    """Control plane and runtime.

    Parameters
    ----------
    endpoints_folder : Path
        Where the endpoints keep packages and logs.
    training_folder : Path
        Where the training jobs work.
    port : int
        The local cloud's port.
    """

    def __init__(self, endpoints_folder: Path, training_folder: Path, port: int) -> None:
        self._port = port
        self.control = ControlPlane(endpoints_folder, training_folder, port)
        self._requests: dict[str, dict[str, Any]] = {kind: {} for kind in _KINDS}
        # Of the last run and not brought back, not yet or not ever: saved again, whatever happens.
        self._lost: dict[str, dict[str, Any]] = {}
        self._lost_components: dict[str, dict[str, Any]] = {}
        self._restored = threading.Event()
        self._restored.set()
        self._closing = threading.Event()
        self._final_state: State | None = None
        async_invocation.resume(self.control.endpoints, port)
        capture.resume(self._capture_of)

    async def handle_request(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, query_params: Mapping[str, Any]
    ) -> Answer:
        """Answer a request to the control plane; MiniStack's handler signature."""
        del method
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        try:
            arn = resource_arn("sagemaker", path, body, REGION, ACCOUNT_ID, operation)
            check_rights(operation, read_json(body), arn, headers, query_params)
        except ServiceError as error:
            return error.answer()
        return await run_reentrant(self._answer, operation, body)

    async def handle_invocation(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, query_params: Mapping[str, Any]
    ) -> Answer:
        """Answer a request to the runtime; MiniStack's handler signature."""
        del method, query_params
        try:
            if not self._restored.is_set():
                await run_reentrant(self._restored.wait)
            if path.rstrip("/").endswith("/async-invocations"):
                return await asyncio.to_thread(invoke_async, self.control.endpoints, path, headers, self._port)
            return await asyncio.to_thread(invoke, self.control, path, headers, body)
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
        if handler:
            check_input("sagemaker", operation, parameters)
        try:
            answer = handler(parameters) if handler else self.control.moto.call(operation, parameters)
        except KeyError as error:
            raise ServiceError("ValidationException", f"The request lacks the member {error}.") from error
        for kind, (create, delete, key) in _KINDS.items():
            if operation == create:
                self._requests[kind][parameters[key]] = parameters
            elif operation == delete:
                self._requests[kind].pop(parameters[key], None)
        if operation == "CreateEndpoint":
            self._lost.pop(parameters["EndpointName"], None)
        elif operation == "CreateInferenceComponent":
            self._lost_components.pop(parameters["InferenceComponentName"], None)
        return answer

    def close(self) -> None:
        """Flush captured data and stop every endpoint; what is saved afterwards is the state of before."""
        self._closing.set()
        self._restored.wait()
        self._final_state = self.get_state()
        self.control.stop()

    def is_settled(self) -> bool:
        """Return True once everything of the last run is back and no endpoint is being changed."""
        return self._restored.is_set() and not any(
            endpoint.status.endswith(("Creating", "Updating")) for endpoint in list(self.control.endpoints.values())
        )

    def get_state(self) -> State:
        """Return what brings everything back: the requests that made it, and the endpoints' variants."""
        if self._final_state is not None:
            return self._final_state
        endpoints = {
            endpoint.name: {
                "EndpointName": endpoint.name,
                "EndpointConfigName": endpoint.record.endpoint_config_name,
                "Variants": endpoint.record.production_variants,
            }
            for endpoint in list(self.control.endpoints.values())
        }
        made = {kind: list(requests.values()) for kind, requests in self._requests.items()}
        components = {saved["InferenceComponentName"]: saved for saved in self.control.components.get_state()}
        return made | {
            "endpoints": list((endpoints | self._lost).values()),
            "components": list((components | self._lost_components).values()),
        }

    def load_persisted_state(self, state: State) -> None:
        """Bring back what `get_state` returned, in the background: endpoints fetch their packages over HTTP."""
        self._restored.clear()
        self._requests = {kind: {saved[key]: saved for saved in state[kind]} for kind, (_, _, key) in _KINDS.items()}
        self._lost = {saved["EndpointName"]: saved for saved in state["endpoints"]}
        # A state from before there were any has none.
        self._lost_components = {saved["InferenceComponentName"]: saved for saved in state.get("components", [])}
        threading.Thread(target=self._restore, args=(state,), name="restore-sagemaker", daemon=True).start()

    def _capture_of(self, endpoint: str) -> capture.CaptureWriter | None:
        found = self.control.endpoints.get(endpoint)
        return found.deployment.capture if found and found.deployment else None

    def _restore(self, state: State) -> None:
        """Bring back one thing after the other; one that fails takes no other with it."""
        try:
            while not is_healthy(self._port) and not self._closing.wait(POLL_SECONDS):
                pass
            for saved in state["models"]:
                self._attempt(lambda saved: self.control.create_model(saved, check=False), saved)
            for saved in state["endpoint_configs"]:
                self._attempt(self.control.create_endpoint_config, saved)
            for saved in state["endpoints"]:
                self._attempt(self._restore_endpoint, saved)
            for saved in state.get("components", []):
                self._attempt(self._restore_component, saved)
        finally:
            self._restored.set()

    def _restore_endpoint(self, saved: dict[str, Any]) -> None:
        names = {key: saved[key] for key in ("EndpointName", "EndpointConfigName")}
        self.control.create_endpoint(names, status="SystemUpdating")
        self.control.endpoints[saved["EndpointName"]].record.production_variants = saved["Variants"]
        del self._lost[saved["EndpointName"]]

    def _restore_component(self, saved: dict[str, Any]) -> None:
        self.control.components.create(saved, restored=True)
        del self._lost_components[saved["InferenceComponentName"]]

    def _attempt(self, restore: Callable[[dict[str, Any]], object], saved: dict[str, Any]) -> None:
        if not self._closing.is_set():
            try:
                restore(saved)
            except Exception:
                name = next(value for key, value in saved.items() if key.endswith("Name"))
                logger.exception("%s of the last run could not be brought back; it stays in the saved state", name)

    def _answer(self, operation: str, body: bytes) -> Answer:
        try:
            if operation.startswith(("Describe", "List")) and operation not in self.control.operations:
                self._restored.wait()
                return self.control.moto.forward(operation, body)
            return json_answer(self.call(operation, read_json(body)))
        except ServiceError as error:
            return error.answer()
