"""Libraries of a bundle that Lambda's image cannot load are refused before they are deployed."""

import platform
import shutil
import subprocess
from pathlib import Path

import pytest

from signpost.errors import DeploymentError
from stacks.constructs import bundling, symbol_versions, wheels
from stacks.constructs.wheels import LITERT
from stacks.stage import aws_stage

ON_LINUX = pytest.mark.skipif(platform.system() != "Linux", reason="the libraries of this machine are no ELF files")


def test_litert_for_arm64_is_refused_by_its_symbol_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN the wheel that `aws_stage` avoids
    monkeypatch.setattr(bundling, "CACHE", tmp_path / "cache")
    python = aws_stage().python_version
    with pytest.raises(DeploymentError, match=rf"ai_edge_litert/.*needs GLIBCXX_3\.4\.30, which .* Python {python}"):
        bundling.bundle("filter", [LITERT], python_version=python, platform="aarch64-manylinux_2_28")
    assert not list((tmp_path / "cache").glob("*.zip"))


def test_litert_for_the_processor_of_predictors_fits(tmp_path: Path) -> None:
    stage = aws_stage()
    platform_name = stage.predictor_processor.wheel_platform
    wheels.install([LITERT], tmp_path, python_version=stage.python_version, platform=platform_name)
    libraries = list(tmp_path.rglob("ai_edge_litert/*.so"))
    assert any(symbol.startswith("GLIBCXX_") for library in libraries for symbol in symbol_versions.needed(library))
    symbol_versions.check(tmp_path, stage.python_version)


@ON_LINUX
@pytest.mark.skipif(not shutil.which("objdump"), reason="needs objdump: apt-get install binutils")
def test_the_versions_are_those_that_binutils_reads(tmp_path: Path) -> None:
    wheels.fetch(["pydantic-core"], tmp_path, python_version="3.14", platform="x86_64-manylinux_2_28")
    (library,) = tmp_path.rglob("*.so")
    shown = subprocess.run(["objdump", "-p", library], capture_output=True, text=True, check=True).stdout
    listed = shown.partition("Version References:")[2].split()
    assert symbol_versions.needed(library) == sorted({word for word in listed if word.startswith(("GLIBC", "GCC"))})


@pytest.mark.parametrize(
    ("symbol", "available"),
    [
        ("GLIBC_2.34", True),
        ("GLIBC_2.35", False),
        ("GLIBC_2.4", True),
        ("GLIBCXX_3.4.29", True),
        ("GLIBCXX_3.4.30", False),
        ("CXXABI_1.3.13", True),
        ("CXXABI_1.3.14", False),
        ("GLIBC_ABI_DT_RELR", False),
        ("OPENSSL_3.0.0", True),
    ],
)
def test_versions_are_compared_by_number(symbol: str, available: bool, monkeypatch, tmp_path: Path) -> None:
    (tmp_path / "library.so").write_bytes(b"\x7fELF")
    monkeypatch.setattr(symbol_versions, "needed", lambda _: [symbol])
    if available:
        symbol_versions.check(tmp_path, "3.14")
    else:
        with pytest.raises(DeploymentError, match=f"library.so needs {symbol}"):
            symbol_versions.check(tmp_path, "3.14")


def test_an_image_that_is_unknown_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeploymentError, match=r"Python 3\.99 are unknown; known are those for 3\.12"):
        symbol_versions.check(tmp_path, "3.99")
