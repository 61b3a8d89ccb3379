"""What Linux says about the processor; elsewhere little is known."""

from __future__ import annotations

import platform
from pathlib import Path

_LIST = Path("/proc/cpuinfo")


def has_amx() -> bool:
    """Tell whether the processor computes bfloat16 in matrix units; no system but Linux has one that does."""
    return _LIST.is_file() and " amx_bf16" in _LIST.read_text()


def processor() -> str:
    """Name the processor."""
    lines = _LIST.read_text().splitlines() if _LIST.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return (names[0] if names else platform.processor() or platform.machine()) + (" with AMX" if has_amx() else "")
