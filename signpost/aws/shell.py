"""Environment variables as commands for a POSIX shell."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

_AWS = re.compile(r"AWS_[A-Za-z0-9_]+")


def shell_commands(wanted: Mapping[str, str], present: Mapping[str, str]) -> list[str]:
    """Return the commands that make the AWS settings of a shell these and no others.

    A profile, a session token or the endpoint of one service that stayed in force would send calls elsewhere.

    Parameters
    ----------
    wanted : mapping of str to str
        The variables to export.
    present : mapping of str to str
        The shell's environment.

    Returns
    -------
    list of str
        ``unset`` and ``export`` commands, quoted.
    """
    others = sorted(name for name in present if _AWS.fullmatch(name) and name not in wanted)
    unset = [f"unset {name}" for name in others]
    return unset + [f"export {name}={shlex.quote(value)}" for name, value in wanted.items()]
