"""Who looks at the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request


@dataclass(frozen=True)
class Visitor:
    """Who asks.

    Attributes
    ----------
    name : str
        An id, no personal data: corrections carry it.
    may_correct : bool
        False for those who only look.
    """

    name: str
    may_correct: bool


Visitors = Callable[[Request], Visitor]
