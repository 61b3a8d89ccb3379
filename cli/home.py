"""A home folder for the caches of other programs: npm, the CDK, uv, Keras and Matplotlib end without one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def writable_home(environment: Mapping[str, str], spare: Path) -> dict[str, str]:
    """Return ``HOME`` for this process and its children.

    Parameters
    ----------
    environment : mapping of str to str
        The process's environment.
    spare : Path
        Where the home folder is if the user's cannot be written to. It is created then.

    Returns
    -------
    dict of str to str
        Empty if the user's home folder can be written to.
    """
    home = environment.get("HOME")
    if home and os.access(home, os.W_OK):
        return {}
    spare.mkdir(parents=True, exist_ok=True)
    return {"HOME": str(spare)}
