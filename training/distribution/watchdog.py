"""Ends a process that waits for ever, say for a worker that hangs without dying."""

from __future__ import annotations

import faulthandler
from collections.abc import Iterator
from contextlib import contextmanager

# Longer than the chief takes to judge or to save, while the others wait for it.
PATIENCE_SECONDS = 1800.0


@contextmanager
def watchdog() -> Iterator[None]:
    """Watch this process: it must call `still_learning` again and again, or ends with the stack of every thread."""
    still_learning()
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


def still_learning() -> None:
    """Start to wait anew."""
    # Python's own handler runs without the interpreter's lock, so that it ends a process that is stuck in TensorFlow.
    faulthandler.dump_traceback_later(PATIENCE_SECONDS, exit=True)
