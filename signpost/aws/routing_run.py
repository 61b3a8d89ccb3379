"""Routes many files at once, and goes on when one of them fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from botocore.exceptions import BotoCoreError, ClientError

from signpost.aws.routing_client import Router
from signpost.errors import SignpostError
from signpost.routing.contracts import Decision

# Of executions at a time. A new AWS account allows ten concurrent functions in all.
_THREADS = 4


@dataclass(frozen=True)
class Routed:
    """Outcome of the routing of a file.

    Attributes
    ----------
    path : Path
    result : Decision or Exception
        `RoutingFault` for a failed execution; another exception where the file could not be read or uploaded.
    elapsed_ms : float
    """

    path: Path
    result: Decision | Exception
    elapsed_ms: float


class RoutingRun:
    """A run over files.

    Parameters
    ----------
    router : Router
    files : sequence of Path
    classifier : str or None
        None for the default one.
    resume : bool
        See `Router.route_file`.
    """

    def __init__(self, router: Router, files: Sequence[Path], classifier: str | None, *, resume: bool = False) -> None:
        self._router, self._classifier, self._resume = router, classifier, resume
        self._waiting = iter(files)
        self._lock, self._stopped = threading.Lock(), threading.Event()
        self._ended: SimpleQueue[Routed | None] = SimpleQueue()

    @property
    def stopped(self) -> bool:
        """True once `stop` was called."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """Begin no other file; those that are being routed end as usual."""
        self._stopped.set()

    def __iter__(self) -> Iterator[Routed]:
        """Yield each file once it has ended, in this order."""
        for _ in range(_THREADS):
            threading.Thread(target=self._work, daemon=True).start()
        for _ in range(_THREADS):
            while routed := self._ended.get():
                yield routed

    def _work(self) -> None:
        try:
            while path := self._next():
                self._ended.put(self._route(path))
        finally:
            self._ended.put(None)

    def _next(self) -> Path | None:
        with self._lock:
            return None if self.stopped else next(self._waiting, None)

    def _route(self, path: Path) -> Routed:
        started = time.perf_counter()
        try:
            result: Decision | Exception = self._router.route_file(path, self._classifier, resume=self._resume)
        except (SignpostError, OSError, ClientError, BotoCoreError) as error:
            result = error
        return Routed(path, result, 1000 * (time.perf_counter() - started))
