"""One function's copy of the shared index, looked after whenever somebody asks for a page."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

from review.deployed.shared_index import SharedIndex, State
from review.index import Index
from review.sync import Progress, Sources, sync_corrections
from review.upkeep import Upkeep

_LOOK_SECONDS, _ASK_SECONDS = 5.0, 30.0


class Copy(Upkeep):
    """Keeps the copy up to date, a request at a time: Lambda serves no two at once.

    Corrections are read from where they are written, before each page: who has made one sees it, whichever function
    answers next.

    Parameters
    ----------
    index : Index
        The copy.
    shared : SharedIndex
    sources : Sources
        Where corrections are.
    ask : callable
        Asks for what is new to be read into the shared index; does not wait for it.
    """

    def __init__(self, index: Index, shared: SharedIndex, sources: Sources, ask: Callable[[], None]) -> None:
        super().__init__(self._refresh)
        self.index, self.sources, self._shared, self._ask = index, sources, shared, ask
        self._version: str | None = None
        self._state = State()
        self._looked = self._asked = float("-inf")

    @property
    def is_reading(self) -> bool:
        """Whether the shared index is still being read for the first time."""
        return not self._state.whole

    def _refresh(self, progress: Progress, _whole: bool) -> None:
        now = monotonic()
        if now > self._looked + _LOOK_SECONDS:
            self._take()
            self._looked = now
        progress(int(self._state.done), int(self._state.total))
        sync_corrections(self.index, self.sources)
        if now > self._asked + _ASK_SECONDS:
            self._ask()
            self._asked = now

    def _take(self) -> None:
        version = self._shared.version
        if version and version != self._version:
            file = self.index.path.with_suffix(".new")
            self._version, self._state = self._shared.fetch(file)
            self.index.replace(file)


def asks(client: Any, function: str) -> Callable[[], None]:
    """Make what asks the function that writes the shared index."""

    def ask() -> None:
        client.invoke(FunctionName=function, InvocationType="Event")

    return ask
