"""One upload, from its event to the end of the execution that routes it."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger

from signpost.errors import NOT_PARKED, UploadNotRecorded

_NOT_RECORDED = ("States.Timeout", *NOT_PARKED)


def route(event: str, machine: str, machines: Any, logger: Logger) -> None:
    """Start the routing machine and wait for its end.

    Parameters
    ----------
    event : str
        EventBridge's event about the object, as JSON.
    machine : str
        ARN of the routing machine.
    machines : botocore client of Step Functions
    logger : Logger

    Raises
    ------
    UploadNotRecorded
        If nothing was recorded about the upload. The message then returns to the queue; routing an image again is safe.
    """
    ended = machines.start_sync_execution(stateMachineArn=machine, input=event)
    if ended["status"] == "SUCCEEDED":
        return
    error = ended.get("error", "")
    logger.error("not decided", execution=ended["executionArn"], status=ended["status"], error=error)
    if ended["status"] == "TIMED_OUT" or error in _NOT_RECORDED:
        raise UploadNotRecorded(f"the execution ended with {error or ended['status']} and recorded nothing")
