"""Synthesises the stacks once for each stage, and once with every kind of hosting."""

from pathlib import Path

import pytest

from stacks.stage import aws_stage, local_stage
from tests.infrastructure.synthesis import (
    MANY_LABELS,
    Synthesis,
    committed_settings,
    settings_of_every_hosting,
    synthesise,
    write_package,
)


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stand-in for a model package."""
    return write_package(tmp_path_factory.mktemp("model") / "package")


@pytest.fixture(scope="session")
def on_aws(tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    """The committed settings, for AWS."""
    return synthesise(
        committed_settings(tmp_path_factory.mktemp("models")), aws_stage(), tmp_path_factory.mktemp("on-aws")
    )


@pytest.fixture(scope="session")
def on_laptop(tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    """The committed settings, for the local cloud."""
    return synthesise(
        committed_settings(tmp_path_factory.mktemp("models")), local_stage(), tmp_path_factory.mktemp("on-laptop")
    )


@pytest.fixture(scope="session")
def every_hosting(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    """One classifier of each hosting, for AWS."""
    many = write_package(tmp_path_factory.mktemp("many") / "package", MANY_LABELS)
    return synthesise(settings_of_every_hosting(package, many), aws_stage(), tmp_path_factory.mktemp("every-hosting"))


@pytest.fixture(scope="session", params=["on_aws", "on_laptop", "every_hosting"])
def any_synthesis(request: pytest.FixtureRequest) -> Synthesis:
    """Each of the three, for what must hold always."""
    return request.getfixturevalue(request.param)
