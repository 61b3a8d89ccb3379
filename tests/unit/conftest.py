"""Fixtures of the unit tests."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from starlette.testclient import TestClient

from signpost.model.package import open_package
from signpost.model.predictor import Predictor
from tests.unit.serving_client import serve
from tests.unit.stored_objects import CapturedBucket


@pytest.fixture(scope="session")
def predictor(vehicle_package: Path) -> Predictor:
    return Predictor(open_package(vehicle_package))


@pytest.fixture(scope="session")
def server(vehicle_package: Path) -> Iterator[TestClient]:
    """The model server's application, without a port."""
    with serve(vehicle_package) as client:
        yield client


@pytest.fixture(scope="session")
def one_client() -> Any:
    """A client of S3 for `s3_client`: making one takes longer than most tests."""
    return boto3.client("s3", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")


@pytest.fixture
def s3_client(one_client: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """S3 in memory, empty at first: every client of boto3 talks to it during the test, and a page lists two keys."""
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "2")
    with mock_aws():
        yield one_client


@pytest.fixture
def captured_bucket(s3_client: Any) -> CapturedBucket:
    return CapturedBucket(s3_client)
