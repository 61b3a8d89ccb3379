"""Proxies and a home folder that cannot be written to, as they come from the environment."""

from pathlib import Path

import pytest

from cli.home import writable_home
from signpost.aws.proxies import around_loopback


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "127.0.0.1,localhost,::1"),
        ({"NO_PROXY": "internal, localhost"}, "internal,localhost,127.0.0.1,::1"),
        ({"NO_PROXY": "a", "no_proxy": "b"}, "a,b,127.0.0.1,localhost,::1"),
    ],
)
def test_no_proxy_is_extended(environment: dict[str, str], expected: str) -> None:
    assert around_loopback(environment) == {"NO_PROXY": expected, "no_proxy": expected}


def test_a_home_folder_that_is_not_there_is_replaced(tmp_path: Path) -> None:
    spare = tmp_path / "a é" / "home"
    for environment in ({"HOME": str(tmp_path / "missing")}, {}):
        assert writable_home(environment, spare) == {"HOME": str(spare)}
    assert spare.is_dir()
    assert writable_home({"HOME": str(tmp_path)}, spare) == {}
