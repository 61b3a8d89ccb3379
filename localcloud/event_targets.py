"""Rules of EventBridge start state machines with the role of their target.

MiniStack starts them whatever that role allows, and forgets an event that could not be delivered.
"""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from ministack.core.arn import parse_arn
from ministack.services import eventbridge

from localcloud.durability import outbox
from localcloud.execution_role import RoleNotAssumableError
from localcloud.role_clients import RoleClients

logger = logging.getLogger("localcloud")

_DELIVERY = "start-execution"
_target: ContextVar[dict[str, Any] | None] = ContextVar("event_target", default=None)


def install(port: int) -> None:
    """Deliver events to state machines as requests of the target's role, and to its dead-letter queue if that fails.

    Parameters
    ----------
    port : int
        The local cloud's port.
    """
    clients = RoleClients("events.amazonaws.com", port)
    # Events arrive on the event loop, which has to answer the request that starts the execution.
    pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="event-targets")

    def deliver(left: dict[str, Any]) -> None:
        for name, delivery in left.items():
            pool.submit(copy_context().run, _start, clients, name, delivery)

    def start_execution(arn: str, payload: str) -> None:
        delivery = {"machine": arn, "input": payload, "target": _target.get() or {}}
        deliver({outbox.add(_DELIVERY, delivery): delivery})

    outbox.on_restart(_DELIVERY, deliver)
    eventbridge._invoke_target = _remembering_the_target(eventbridge._invoke_target)
    eventbridge._dispatch_to_stepfunctions = start_execution


def _remembering_the_target(invoke: Callable[..., None]) -> Callable[..., None]:
    def invoke_target(target: dict[str, Any], *arguments: Any, **named: Any) -> None:
        previous = _target.set(target)
        try:
            invoke(target, *arguments, **named)
        finally:
            _target.reset(previous)

    return invoke_target


def _start(clients: RoleClients, name: str, delivery: dict[str, Any]) -> None:
    target, machine = delivery["target"], delivery["machine"]
    try:
        client = clients.get(target.get("RoleArn", ""), "stepfunctions")
        # With a name, an event that is delivered again after a kill starts nothing a second time.
        client.start_execution(stateMachineArn=machine, name=name, input=delivery["input"])
    except (ClientError, BotoCoreError, RoleNotAssumableError) as error:
        if "ExecutionAlreadyExists" not in str(error):
            logger.warning("EventBridge could not start %s: %s", machine, error)
            if queue := target.get("DeadLetterConfig", {}).get("Arn"):
                eventbridge._dispatch_to_sqs(parse_arn(queue), delivery["input"])
    outbox.remove(name)
