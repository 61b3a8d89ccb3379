"""Logs of the functions are read once each; an unknown function is an error that lists the known ones."""

import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from signpost.aws.function_logs import FunctionLogs
from signpost.errors import DeploymentError

FUNCTIONS = [f"classify-{n}" for n in range(60)] + ["api", "serialize"]


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with mock_aws():
        client = boto3.client("logs", region_name="us-east-1")
        for name in FUNCTIONS:
            client.create_log_group(logGroupName=f"/aws/lambda/signpost-{name}")
        yield client


def _log(client: Any, function: str, message: str) -> None:
    group = f"/aws/lambda/signpost-{function}"
    stream = f"{time.monotonic_ns()}"
    client.create_log_stream(logGroupName=group, logStreamName=stream)
    event = {"timestamp": time.time_ns() // 1_000_000, "message": message}
    client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[event])


def test_lines_of_every_function_are_read_once(logs: Any):
    found = FunctionLogs(logs, "signpost")
    _log(logs, "serialize", "first\n")
    _log(logs, "classify-59", "second")

    assert {(line.function, line.message) for line in found.read()} == {
        ("signpost-serialize", "first"),
        ("signpost-classify-59", "second"),
    }
    assert list(found.read()) == []


def test_a_name_selects_its_function_and_those_that_begin_so(logs: Any):
    _log(logs, "serialize", "first")
    _log(logs, "classify-7", "second")

    assert [line.message for line in FunctionLogs(logs, "signpost", "classify").read()] == ["second"]


def test_an_unknown_function_is_an_error_that_lists_the_known_ones(logs: Any):
    with pytest.raises(DeploymentError, match=r"no function nosuch; allowed are api, classify-0, .*, serialize$"):
        list(FunctionLogs(logs, "signpost", "nosuch").read())
