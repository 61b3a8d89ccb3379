"""Python 3.11 is run; later versions that the project allows have wheels of everything and pass the type checker."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.conftest import ROOT

LATER = ("3.12", "3.13", "3.14")
USES = ("demo", "test", "serving", "container", "training")
WITHOUT_TENSORFLOW = "3.14"
PROGRAMS = Path(sys.executable).parent

pytestmark = pytest.mark.slow


def test_these_are_the_versions_that_the_project_allows() -> None:
    allowed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    assert allowed == ">=3.11,<3.15"


@pytest.mark.parametrize("version", LATER)
@pytest.mark.parametrize("use", USES)
def test_the_locked_versions_have_wheels(version: str, use: str, tmp_path: Path) -> None:
    options = ["--dry-run", "--no-deps", "--require-hashes", "--only-binary", ":all:", "--target", str(tmp_path)]
    file = ROOT / "requirements" / f"{use}.txt"
    command = [PROGRAMS / "uv", "pip", "install", *options, "--python-version", version, "-r", file]
    done = subprocess.run(command, capture_output=True, text=True)
    # The Makefile says so before it installs.
    expected = (use, version) == ("training", WITHOUT_TENSORFLOW)
    assert (done.returncode != 0) == expected, done.stderr


@pytest.mark.parametrize("version", LATER)
def test_the_types_are_right(version: str) -> None:
    command = [PROGRAMS / "pyright", "--warnings", "--pythonversion", version]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
