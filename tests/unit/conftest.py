"""Fixtures of the unit tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from serving.app import make_app
from serving.inference import Inference
from signpost.limits import Limits
from signpost.package import open_package
from signpost.predictor import Predictor


@pytest.fixture(scope="session")
def predictor(vehicle_package: Path) -> Predictor:
    return Predictor(open_package(vehicle_package))


@pytest.fixture(scope="session")
def server(vehicle_package: Path) -> Iterator[TestClient]:
    """The model server's application, without a socket."""
    inference = Inference(open_package(vehicle_package), Limits(), threads=2)
    with TestClient(make_app(inference)) as client:
        yield client
