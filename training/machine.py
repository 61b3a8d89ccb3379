"""What a run ran on: the processor, as far as Linux says, and the libraries."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_LIBRARIES = ("tensorflow", "tensorflow-cpu", "keras", "numpy", "psutil")
_LIST = Path("/proc/cpuinfo")


def has_amx() -> bool:
    """Tell whether the processor computes bfloat16 in matrix units; no system but Linux has one that does."""
    return _LIST.is_file() and " amx_bf16" in _LIST.read_text()


def processor() -> str:
    """Name the processor."""
    lines = _LIST.read_text().splitlines() if _LIST.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return (names[0] if names else platform.processor() or platform.machine()) + (" with AMX" if has_amx() else "")


def versions() -> dict[str, str]:
    """List the versions of what computes and measures, without importing it."""
    found = {"python": platform.python_version()}
    for library in _LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:  # one of the two TensorFlows is there
            continue
    return found
