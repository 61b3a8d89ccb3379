"""Services that a request may have changed, apart from the collections that are always looked after."""

import re
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from typing import Any
from urllib.parse import parse_qs

import ministack.app as ministack_app

from localcloud.answers import Answer

_READS = re.compile(r"(Get|List|Describe|Head|Query|Scan|BatchGet|Filter|Validate|Lookup|Search|Simulate)(?!Token)")
# Of these, all that changes is in a collection.
_PASSING = {
    "dynamodb": {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"},
    "sqs": {"SendMessage", "SendMessageBatch", "ReceiveMessage", "DeleteMessage", "DeleteMessageBatch"},
    "states": {"StartExecution", "StartSyncExecution"},
    "events": {"PutEvents"},
}
_INVOCATION = re.compile(r"/invocations/?$")
# What no request of its own changes: training jobs go on, endpoints come up, functions log.
BACKGROUND = {"cloudwatch", "cloudwatch_logs", "stepfunctions", "sagemaker", "sagemaker-training-jobs"}
EVERYTHING = "*"
# A request that changes nothing; of those about stacks the answer may be that a deployment has ended.
READ = {"read"}
STACKS_READ = {"read stacks"}

Handler = Callable[[str, str, Mapping[str, str], bytes, Mapping[str, Any]], Awaitable[Answer]]
# What the request at hand has changed; None until a service has answered it.
found: ContextVar[set[str] | None] = ContextVar("touched_services")


def install() -> None:
    """Have every service note what its requests may have changed."""
    handlers: dict[str, Any] = ministack_app.SERVICE_HANDLERS
    for name, handler in list(handlers.items()):
        handlers[name] = _noted(name, _states(name), handler)


def _states(name: str) -> set[str]:
    """Names under which the state of a service is saved."""
    if name == "cloudformation":
        return {EVERYTHING}
    entry = ministack_app.SERVICE_REGISTRY.get(name, {"module": name})
    keys = {entry.get("state_key", entry["module"]), *entry.get("sub_modules", ())}
    return keys | ({"sagemaker-model-registry", "sagemaker-training-jobs"} if name == "sagemaker" else set())


def _noted(name: str, states: set[str], handler: Handler) -> Handler:
    async def handle(
        method: str, path: str, headers: Mapping[str, str], body: bytes, query: Mapping[str, Any]
    ) -> Answer:
        try:
            return await handler(method, path, headers, body, query)
        finally:
            reads = _only_reads(name, method, path, headers, body, query)
            if reads:
                found.set(STACKS_READ if name == "cloudformation" else READ)
            else:
                found.set(set() if _operation(headers, body, query) in _PASSING.get(name, ()) else states)

    return handle


def _only_reads(
    name: str, method: str, path: str, headers: Mapping[str, str], body: bytes, query: Mapping[str, Any]
) -> bool:
    if operation := _operation(headers, body, query):
        return _READS.match(operation) is not None
    return method in ("GET", "HEAD") or (name == "lambda" and _INVOCATION.search(path) is not None)


def _operation(headers: Mapping[str, str], body: bytes, query: Mapping[str, Any]) -> str:
    """Name of the operation; nothing for a service whose requests are told apart by method and path."""
    if target := headers.get("x-amz-target"):
        return target.rpartition(".")[2]
    form = parse_qs(body.decode(errors="replace")) if "form-urlencoded" in headers.get("content-type", "") else query
    return str((form.get("Action") or query.get("Action") or [""])[0])
