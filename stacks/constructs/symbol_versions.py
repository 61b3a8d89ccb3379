"""Checks that Lambda's image has what the libraries of a bundle need of the C and C++ runtime libraries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection

from signpost.errors import DeploymentError

# Newest symbol versions of Amazon Linux 2023, the system of Lambda's images for Python 3.12 and newer: glibc 2.34, and
# libstdc++ of GCC 11.
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
# https://docs.aws.amazon.com/linux/al2023/release-notes/all-packages-AL2023.html (packages glibc, libstdc++)
# https://gcc.gnu.org/onlinedocs/libstdc++/manual/abi.html (versions by release of GCC)
_AMAZON_LINUX_2023 = {"GLIBC": (2, 34), "GLIBCXX": (3, 4, 29), "CXXABI": (1, 3, 13)}
NEWEST = dict.fromkeys(("3.12", "3.13", "3.14"), _AMAZON_LINUX_2023)
_VERSION = re.compile(r"(GLIBC|GLIBCXX|CXXABI)_([0-9.]+)")


def check(folder: Path, python_version: str) -> None:
    """Raise where a library of a bundle needs a newer symbol version than Lambda's image has.

    Parameters
    ----------
    folder : Path
        The bundle.
    python_version : str
        Of the function, for instance ``"3.14"``.

    Raises
    ------
    DeploymentError
        With the library and the symbol version, or if the image of this Python is unknown.
    """
    if python_version not in NEWEST:
        raise DeploymentError(
            f"the symbol versions of Lambda's image for Python {python_version} are unknown; known are those for "
            f"{', '.join(NEWEST)} (stacks/constructs/symbol_versions.py)"
        )
    for library in sorted(path for path in folder.rglob("*") if path.is_file() and _is_elf(path)):
        for symbol in needed(library):
            if not _available(symbol, NEWEST[python_version]):
                raise DeploymentError(
                    f"{library.relative_to(folder)} needs {symbol}, which Lambda's image for Python {python_version} "
                    "does not have: the function would fail at its first import. Lock another version of the package "
                    "(requirements/), or build the function for another processor (stacks/stage.py)"
                )


def needed(library: Path) -> list[str]:
    """Return the symbol versions that a library needs of others, such as ``GLIBC_2.17``, sorted."""
    with library.open("rb") as file:
        sections = [section for section in ELFFile(file).iter_sections() if isinstance(section, GNUVerNeedSection)]
        return sorted({version.name for section in sections for version in _versions(section)})


def _versions(section: GNUVerNeedSection) -> Iterator:
    for _, versions in section.iter_versions():
        yield from versions


def _is_elf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def _available(symbol: str, newest: dict[str, tuple[int, ...]]) -> bool:
    found = _VERSION.fullmatch(symbol)
    if found is None:
        # Of libraries that have no such table; newer kinds of glibc, such as GLIBC_ABI_DT_RELR, came after 2.34.
        return not symbol.startswith("GLIBC_ABI")
    return tuple(map(int, found[2].split("."))) <= newest[found[1]]
