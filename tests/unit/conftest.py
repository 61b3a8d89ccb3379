"""Fixtures of the unit tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from signpost.model.package import open_package
from signpost.model.predictor import Predictor
from tests.unit.serving_client import serve


@pytest.fixture(scope="session")
def predictor(vehicle_package: Path) -> Predictor:
    return Predictor(open_package(vehicle_package))


@pytest.fixture(scope="session")
def server(vehicle_package: Path) -> Iterator[TestClient]:
    """The model server's application, without a port."""
    with serve(vehicle_package) as client:
        yield client
