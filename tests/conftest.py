"""Fixtures that every kind of test shares."""

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from signpost.aws.proxies import around_loopback

ROOT = Path(__file__).resolve().parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"

# A busy machine fails no property, and a run keeps no examples for the next one.
hypothesis.settings.register_profile(
    "signpost", deadline=None, database=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("signpost")


def pytest_configure() -> None:
    """Forget the user's AWS account before anything is imported, and reach this machine without a proxy."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        **around_loopback(os.environ),
    }


# Tests that share something costly run in one worker, and these groups first: the others fill the time beside them.
SHARED = {
    "app": "app",
    "deploy_app": "other apps",
    "on_aws": "synthesis",
    "on_laptop": "synthesis",
    "every_hosting": "synthesis",
    "any_synthesis": "synthesis",
}


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Group the tests for pytest-xdist by what they share, else by file; costly groups come first."""
    first, rank = [*dict.fromkeys(SHARED.values()), "tests/training"], {}
    for item in items:
        group = _group(item)
        item.add_marker(pytest.mark.xdist_group(group))
        # By identity: pytest-xdist changes the name of an item, and its hash with it.
        rank[id(item)] = next((n for n, name in enumerate(first) if group.startswith(name)), len(first))
    yield
    items.sort(key=lambda item: rank[id(item)])


def _group(item: pytest.Item) -> str:
    fixtures = getattr(item, "fixturenames", ())
    return next((group for fixture, group in SHARED.items() if fixture in fixtures), item.nodeid.partition("::")[0])


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real data for building and measuring; tests that need it skip where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("no real data beside the checkout (../shared/data): this test needs it")
    return SHARED_DATA


@pytest.fixture(scope="session")
def vehicle_package() -> Path:
    """Folder of the committed package that tells bicycles from motorcycles."""
    return ROOT / "models" / "vehicle"
