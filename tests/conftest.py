"""Fixtures that every kind of test shares."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"


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
