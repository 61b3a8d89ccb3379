"""Keeps the index up to date while the page is open."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from signpost.errors import SignpostError

logger = logging.getLogger("review")

PAUSE_SECONDS = 10.0
# Listing 100,000 files takes 100 requests, which S3 charges for.
_WHOLE_EVERY = 360  # rounds: an hour
Sync = Callable[[Callable[[int, int], None], bool], None]


class Upkeep:
    """Reads what is new, again and again, in a thread of its own.

    Parameters
    ----------
    sync : callable
        Brings the index up to date once; tells its progress, and is told whether to list everything.

    Attributes
    ----------
    done, total : int
        How many of the new files were read.
    fault : str or None
        Why the last attempt failed.
    """

    def __init__(self, sync: Sync) -> None:
        self._sync = sync
        self._stop, self._read = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)
        self._rounds = 0
        self.done = self.total = 0
        self.fault: str | None = None

    @property
    def is_reading(self) -> bool:
        """Whether the first round is still under way."""
        return not self._read.is_set()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wait(self, seconds: float) -> None:
        """Wait for the end of the first round, but no longer than so."""
        self._read.wait(seconds)

    def stop(self) -> None:
        """End after the file that is being read."""
        self._stop.set()
        self._thread.join()

    def once(self) -> None:
        """Bring the index up to date now; what can't be read is said on the page, never fatal."""
        try:
            self._sync(self._progress, self._rounds % _WHOLE_EVERY == 0)
            self._rounds += 1
            self.fault = None
        except _Stopped:
            return
        except (SignpostError, OSError) as error:
            self.fault = str(error)
        except Exception as error:
            logger.warning("the records can't be read", exc_info=error)
            self.fault = str(error)
        self._read.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            self.once()
            self._stop.wait(PAUSE_SECONDS)

    def _progress(self, done: int, total: int) -> None:
        self.done, self.total = done, total
        if self._stop.is_set():
            raise _Stopped


class _Stopped(Exception):
    """The page is closed."""
