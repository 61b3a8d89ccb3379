"""State machines that do everything under their own role.

MiniStack runs the service integrations of a state machine inside its services, whatever the machine's role allows, and
lacks some of them (`aws-sdk:s3:putObject`). Here every task that is one API call is a signed request of the role to the
local cloud itself, so IAM is asked as for any other caller. So is a training job that a task waits for; other tasks
that are more than one call (`.sync`, `.waitForTaskToken`, activities, `http:invoke`) stay MiniStack's.
"""

import functools
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, UnknownServiceError
from jsonata.parser import Parser
from ministack.services import stepfunctions

from localcloud import jsonata_text
from localcloud.durability.tasks import mark_requests, numbered_call
from localcloud.execution_role import RoleNotAssumableError
from localcloud.pace import paced
from localcloud.role_clients import RoleClients
from localcloud.service_integration import Integration, TaskError
from localcloud.state_retries import with_pauses
from localcloud.training_task import RESOURCE as TRAINING
from localcloud.training_task import run_training

_PRINCIPAL = "states.amazonaws.com"
_MINUTE = 60
_ROLE: ContextVar[str] = ContextVar("execution_role")
_EXECUTION: ContextVar[str] = ContextVar("execution")


def install(port: int) -> None:
    """Make MiniStack run state machines under their roles.

    Parameters
    ----------
    port : int
        The local cloud's port.
    """
    clients = RoleClients(_PRINCIPAL, port, mark_requests)

    def client(service: str) -> Any:
        try:
            return clients.get(_ROLE.get(), service)
        except RoleNotAssumableError as error:
            cause = f"The role {error} does not exist or does not trust {_PRINCIPAL}."
            raise stepfunctions._ExecutionError("States.Permissions", cause) from error
        except UnknownServiceError as error:
            raise stepfunctions._ExecutionError("States.Runtime", str(error)) from error

    jsonata_text.install()
    stepfunctions._scaled_sleep = _paced(stepfunctions._scaled_sleep)
    stepfunctions._find_matching_retrier = with_pauses(stepfunctions._find_matching_retrier)
    stepfunctions._run_execution = _under_its_role(stepfunctions._run_execution)
    stepfunctions._fail_execution = _unless_ended(stepfunctions._fail_execution)
    stepfunctions._test_state = _under_the_given_role(stepfunctions._test_state)
    stepfunctions._invoke_resource = _as_request(stepfunctions._invoke_resource, client)
    stepfunctions._read_map_items = _item_reader(client)
    stepfunctions._resolve_params_obj = _with_jsonata(stepfunctions._resolve_params_obj)
    Parser.parse = _parsed_once(Parser.parse)


def _paced(sleep: Callable[[float], None]) -> Callable[[float], None]:
    """Let waits of minutes pass as fast as an endpoint's update: they wait for one, or for its instances."""

    def scaled_sleep(seconds: float) -> None:
        sleep(paced(seconds) if seconds >= _MINUTE else seconds)

    return scaled_sleep


def _under_its_role(run: Callable[[str], None]) -> Callable[[str], None]:
    """Pin the role for a whole execution; MiniStack hands the context on to the threads of its maps and branches."""

    def run_execution(execution_arn: str) -> None:
        execution = stepfunctions._executions.get(execution_arn)
        machine = stepfunctions._state_machines.get(execution["stateMachineArn"]) if execution else None
        previous = _ROLE.set(machine["roleArn"] if machine else "")
        outer = _EXECUTION.set(execution_arn)
        try:
            run(execution_arn)
        finally:
            _EXECUTION.reset(outer)
            _ROLE.reset(previous)

    return run_execution


def _unless_ended(fail: Callable[..., None]) -> Callable[..., None]:
    """Leave an execution that was stopped as it is when the task that it was at fails afterwards."""

    def fail_execution(execution: dict[str, Any], error: str, cause: str) -> None:
        if execution["status"] == "RUNNING":
            fail(execution, error, cause)

    return fail_execution


def _under_the_given_role(test: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    def test_state(request: dict[str, Any]) -> Any:
        previous = _ROLE.set(request.get("roleArn", ""))
        try:
            return test(request)
        finally:
            _ROLE.reset(previous)

    return test_state


def _as_request(invoke: Callable[[str, Any], Any], client: Callable[[str], Any]) -> Callable[[str, Any], Any]:
    def invoke_resource(resource: str, arguments: Any) -> Any:
        integration = Integration.of(resource)
        if integration is None and resource != TRAINING:
            return invoke(resource, arguments)
        try:
            if integration is None:
                return numbered_call(lambda: run_training(client("sagemaker"), arguments, _is_running))
            return numbered_call(lambda: integration.call(client(integration.service), arguments))
        except TaskError as error:
            raise stepfunctions._ExecutionError(error.name, error.cause) from error

    return invoke_resource


def _is_running() -> bool:
    """Tell whether the execution of this thread still runs; a state that is only tested has none and does."""
    execution = stepfunctions._executions.get(_EXECUTION.get(""))
    return execution is None or execution["status"] == "RUNNING"


def _item_reader(client: Callable[[str], Any]) -> Callable[..., list[Any]]:
    """Read the items of a distributed map from S3 with the machine's rights."""

    def read_map_items(reader: dict[str, Any], state_input: Any, context: dict[str, Any]) -> list[Any]:
        template = reader.get("Arguments") or reader.get("Parameters") or {}
        where = stepfunctions._resolve_params_obj(template, state_input, context)
        config = reader.get("ReaderConfig") or {}
        s3 = client("s3")
        try:
            if reader["Resource"].endswith(":s3:listObjectsV2"):
                pages = s3.get_paginator("list_objects_v2").paginate(**where)
                items = [_listed(item) for page in pages for item in page.get("Contents", [])]
            else:
                text = s3.get_object(**where)["Body"].read().decode("utf-8")
                items = stepfunctions._parse_reader_items(text, config)
        except (ClientError, BotoCoreError, ValueError) as error:
            raise stepfunctions._ExecutionError("States.ItemReaderFailed", str(error)) from error
        most = config.get("MaxItems")
        return items[: int(most)] if most else items

    return read_map_items


def _listed(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "Etag": item["ETag"],
        "Key": item["Key"],
        "LastModified": int(item["LastModified"].timestamp()),
        "Size": item["Size"],
        "StorageClass": item.get("StorageClass", "STANDARD"),
    }


def _with_jsonata(resolve: Callable[..., Any]) -> Callable[..., Any]:
    """Let the `ItemReader` and `ItemSelector` of a distributed map be JSONata: MiniStack only knows JSONPath there."""

    def resolve_template(template: Any, data: Any, context: dict[str, Any] | None = None) -> Any:
        if context and context.get("QueryLanguage") == "JSONata":
            return stepfunctions._apply_jsonata_template(template, data, context)
        return resolve(template, data, context)

    return resolve_template


def _parsed_once(parse: Callable[..., Any]) -> Callable[..., Any]:
    """Keep the syntax trees of expressions, which evaluation leaves as they are: an execution evaluates 30."""

    @functools.lru_cache(maxsize=4096)
    def parse_once(expression: str, regex_engine: Any) -> Any:
        return parse(Parser(), expression, regex_engine)

    return lambda _parser, expression, regex_engine: parse_once(expression, regex_engine)
