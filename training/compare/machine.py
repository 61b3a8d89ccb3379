"""Names what the runs ran on: a figure means nothing without it."""

from __future__ import annotations

import platform

import psutil

from training.machine import processor


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
