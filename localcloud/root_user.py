"""The root user's secret key: random, one per state folder, and asked for.

MiniStack takes everyone who names its well-known key ID for the root user and checks no signature of it. A web page, or
another user of this machine, could so do everything: here the root user signs like all others.
"""

import os
import secrets
from pathlib import Path

_FILE = "root-secret"


def read_secret(state_dir: Path) -> str:
    """Return the secret key of the root user.

    Parameters
    ----------
    state_dir : Path
        The state folder of a local cloud that was started.

    Returns
    -------
    str
        40 characters, as long as AWS's.
    """
    return (state_dir / _FILE).read_text()


def make_secret(state_dir: Path) -> None:
    """Make the secret key, unless the folder has one; only this user may read it.

    Parameters
    ----------
    state_dir : Path
        The state folder.
    """
    file = state_dir / _FILE
    if not file.exists():
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as made:
            made.write(secrets.token_hex(20))


def install() -> None:
    """Let MiniStack check the root user's signature as it checks everyone's."""
    from ministack.core import iam_evaluator

    iam_evaluator._is_root_key = lambda access_key_id: False  # noqa: ARG005
