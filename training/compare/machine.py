"""Names what the runs ran on: a figure means nothing without it."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

import psutil

from training.processor import processor

_LIBRARIES = ("tensorflow", "tensorflow-cpu", "keras", "numpy", "psutil")


def machine() -> dict[str, str]:
    """Describe the machine.

    Returns
    -------
    dict of str to str
        Readable names and values.
    """
    return {
        "processor": processor(),
        "cores": str(psutil.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
    }


def versions() -> dict[str, str]:
    """List the versions of what computes and measures, without importing it."""
    found = {"python": platform.python_version()}
    for library in _LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:  # one of the two TensorFlows is there
            continue
    return found
