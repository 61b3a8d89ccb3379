"""Register the extension with MiniStack and serve until a signal says stop."""

import asyncio
import gc
import logging
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import ministack.app as ministack_app
import uvicorn
from ministack.core import lambda_runtime, router

from localcloud import (
    alarms,
    api_gateway,
    cloudformation,
    cloudformation_rules,
    event_targets,
    firewall,
    lambda_functions,
    own_requests,
    permissions,
    rekognition,
    root_user,
    s3_events,
    step_functions,
)
from localcloud.durability.recovery import Recovery
from localcloud.environment import StateFolder
from localcloud.guard import guarded
from localcloud.running import Running, write
from localcloud.sagemaker.service import SageMaker

logger = logging.getLogger("localcloud")


def run(state: StateFolder, listening: socket.socket, *, after_kill: bool) -> None:
    """Serve until SIGTERM or SIGINT; stop every child; save the state.

    Parameters
    ----------
    state : StateFolder
        The folder of this cloud.
    listening : socket.socket
        Listens on 127.0.0.1.
    after_kill : bool
        Whether the last run was killed.
    """
    port = listening.getsockname()[1]
    sagemaker = SageMaker(state.endpoints, state.training, port)
    register(sagemaker, port)
    recovery = Recovery(state.database)
    recovery.install(partial(_announce, state, port) if after_kill else lambda *_: None)
    lambda_functions.install(state.lambda_python)
    step_functions.install(port)
    event_targets.install(port)
    s3_events.install()
    alarms.install()
    recovery.resume(port, sagemaker.is_settled)
    # What is loaded stays: the collector need not look at it again, and else does so several times a second.
    gc.freeze()
    gc.set_threshold(50_000)
    exit_code = 0
    try:
        asyncio.run(_serve(sagemaker, recovery, listening))
        state.close()
    except Exception:
        logger.exception("The local cloud ended with an error")
        exit_code = 1
    lambda_runtime.reset()
    logging.shutdown()
    # Threads that wait for a Lambda or an execution would keep the process alive: all is saved, so end.
    os._exit(exit_code)


def register(sagemaker: SageMaker, port: int) -> None:
    """Add the services that MiniStack lacks to its tables.

    Parameters
    ----------
    sagemaker : SageMaker
        The SageMaker service, control plane and runtime.
    port : int
        The port to listen on.
    """
    services = {
        "sagemaker": (sagemaker, "SageMaker."),
        "application-autoscaling": (sagemaker.control.scaling, "AnyScaleFrontendService."),
        "rekognition": (rekognition.Service(port), "RekognitionService."),
    }
    # Ahead of the rest of SageMaker: a model may name a model package.
    _persist("sagemaker-model-registry", sagemaker.control.registry)
    _persist("sagemaker-training-jobs", sagemaker.control.training)
    for name, (service, target_prefix) in services.items():
        ministack_app.SERVICE_REGISTRY[name] = {"module": name}
        ministack_app.SERVICE_HANDLERS[name] = service.handle_request
        _persist(name, service)
        router.SERVICE_PATTERNS[name] = {"target_prefixes": [target_prefix], "host_patterns": [rf"(^|\.){name}\."]}
    ministack_app.SERVICE_HANDLERS["sagemaker-runtime"] = sagemaker.handle_invocation
    ministack_app.detect_service = _detect_service
    root_user.install()
    permissions.install()
    api_gateway.install()
    firewall.install()
    cloudformation.install(sagemaker, sagemaker.control.scaling)
    cloudformation_rules.install()


def _announce(state: StateFolder, port: int, executions: int, deliveries: int) -> None:
    """Note for the terminal what is recovered after a kill."""
    notice = (
        "The local cloud was killed the last time, or the machine went down. Everything that it had confirmed is here; "
        f"{executions} executions and {deliveries} deliveries that were not finished continue."
    )
    if state.state_lost:
        notice = "The local cloud of release 0.1 was killed, which saved nothing then: this one starts empty."
    logger.warning(notice)
    write(state.root, Running(os.getpid(), port, time.time(), notice))


def _persist(name: str, service: Any) -> None:
    """Have a service's state saved at the end and loaded at the start."""
    ministack_app._loaded_modules[name] = service
    ministack_app._state_map[name] = name


def _detect_service(method: str, path: str, headers: dict, query: dict) -> str:
    """Tell the SageMaker runtime, a REST service, from the control plane: both sign as `sagemaker`."""
    service = router.detect_service(method, path, headers, query)
    return "sagemaker-runtime" if service == "sagemaker" and path.startswith("/endpoints/") else service


class _Server(uvicorn.Server):
    """A server that ends when it is told to, and not by signals of its own."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Load the state, then answer requests of others and of the local cloud itself."""
        await super().startup(sockets)
        own_requests.serve(self.config.app, asyncio.get_running_loop())

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


async def _serve(sagemaker: SageMaker, recovery: Recovery, listening: socket.socket) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    config = uvicorn.Config(
        guarded(recovery.journal.durable(ministack_app.app)),
        http="httptools",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=3,
    )
    server = _Server(config)
    sweep = asyncio.create_task(recovery.journal.sweep())
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    await asyncio.wait([serving, asyncio.create_task(stopping.wait())], return_when=asyncio.FIRST_COMPLETED)
    # Captured data still has to reach S3, so while the server listens.
    await asyncio.to_thread(sagemaker.close)
    server.should_exit = True
    await serving
    sweep.cancel()
