"""Result of a check: one line, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from botocore.exceptions import BotoCoreError, ClientError

from signpost.errors import SignpostError


class Status(StrEnum):
    """Outcome of a check."""

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True)
class Finding:
    """The result of a check.

    Attributes
    ----------
    check : str
        What was checked, in one or two words.
    status : Status
    message : str
        What was found.
    advice : str
        What to do; empty where nothing is to be done.
    """

    check: str
    status: Status
    message: str
    advice: str = ""


Check = Callable[[], Iterable[Finding]]


def run(checks: dict[str, Check]) -> Iterator[Finding]:
    """Run checks one after another; one that cannot be made is a finding too.

    Parameters
    ----------
    checks : dict of str to callable
        By what they check.
    """
    for name, check in checks.items():
        try:
            yield from check()
        except SignpostError as error:
            yield Finding(name, Status.FAILURE, str(error))
        except (ClientError, BotoCoreError, OSError) as error:
            yield Finding(name, Status.WARNING, f"could not be checked: {error}", "Check it by hand.")
