"""Turns signals to stop into a question that a program asks when it suits it."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Interruption:
    """As a context: SIGTERM (a stopped job, a spot interruption) and Ctrl-C are noted instead of ending the process.

    Attributes
    ----------
    count : int
        Signals that came so far.
    """

    def __init__(self) -> None:
        self.count = 0
        self._before: dict[signal.Signals, Any] = {}

    @property
    def wanted(self) -> bool:
        """Whether the process shall stop."""
        return self.count > 0

    def __enter__(self) -> Interruption:
        """Start to listen; a thread other than the main one can't, and hears nothing."""
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in _SIGNALS}
        return self

    def __exit__(self, *_exception: object) -> None:
        """Give the signals back to whoever had them."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.count += 1
