"""The workers and the queue before them: bounded, with deadlines, and whole after any worker's end."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import time
from collections import deque
from types import TracebackType
from typing import Any

from serving.errors import RequestError
from serving.frames import BROKEN, READY, Kind
from serving.metrics import Metrics
from serving.settings import ServerSettings
from serving.worker_process import Task, WorkerProcess, start_worker
from signpost.errors import PackageError
from signpost.images.limits import Limits

logger = logging.getLogger("serving")

# A worker is given its next small pictures while it is at one: it never waits for the server's turn, and the server
# hands over and takes back several at a time.
_SMALL_BYTES, _AHEAD = 2**20, 8
# Requests that have ended so many workers are not given to another.
_ATTEMPTS = 3
_TICK_SECONDS = 0.1
_START_SECONDS = 60.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0


class Workers:
    """Processes that hold the model, and the requests that wait for one.

    Parameters
    ----------
    settings : ServerSettings
        How many processes, and how much may wait how long.
    limits : Limits
        What a picture may cost.
    metrics : Metrics
        What is counted.
    """

    def __init__(self, settings: ServerSettings, limits: Limits, metrics: Metrics) -> None:
        self.limits = limits
        self.metrics = metrics
        self.model: dict[str, Any] = {}
        self._settings = settings
        self._most_bytes = settings.queue_mb * 2**20
        self._bytes = 0
        self._waiting: deque[Task] = deque()
        self._ready: list[WorkerProcess] = []
        self._keepers: list[asyncio.Task[None]] = []
        self._watch: asyncio.Task[None] | None = None
        self._seconds = 0.01  # of one request, a running mean

    async def __aenter__(self) -> Workers:
        """Start the processes; comes back when the first is ready.

        Raises
        ------
        PackageError
            If the model can't be loaded.
        """
        first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._keepers = [asyncio.create_task(self._keep(first)) for _ in range(self._settings.workers)]
        self._watch = asyncio.create_task(self._enforce_deadlines())
        try:
            await asyncio.wait_for(first, _START_SECONDS)
        except BaseException as error:
            await self.__aexit__(None, None, None)
            if isinstance(error, TimeoutError):
                raise PackageError(f"the model did not load within {_START_SECONDS:.0f} seconds") from error
            raise
        return self

    async def __aexit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End the processes."""
        tasks = [task for task in (*self._keepers, self._watch) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def measure(self) -> Metrics:
        """Give the metrics as of now."""
        self.metrics.waiting.set(len(self._waiting))
        self.metrics.under_way.set(sum(len(worker.tasks) for worker in self._ready))
        return self.metrics

    @property
    def healthy(self) -> bool:
        """Whether any process can take a request."""
        return bool(self._ready)

    def reserve(self, size: int) -> None:
        """Set memory aside for a request's body.

        Raises
        ------
        RequestError
            503, if those under way hold all that is allowed.
        """
        if self._bytes + size > self._most_bytes:
            raise self._overloaded()
        self._bytes += size

    def release(self, size: int) -> None:
        """Give back what was reserved."""
        self._bytes -= size

    async def ask(self, kind: Kind, body: list[bytes], deadline: float) -> tuple[int, bytes]:
        """Have a request answered.

        Parameters
        ----------
        kind : Kind
            What the body is.
        body : list of bytes
            The body, in the pieces that it came in.
        deadline : float
            When the answer is due, in seconds of the monotonic clock.

        Returns
        -------
        tuple of int and bytes
            HTTP status and JSON document.

        Raises
        ------
        RequestError
            503 if too many wait, or it waited too long; 504 if it was not answered in time; 500 if it ended the
            processes that worked on it.
        """
        if len(self._waiting) >= self._settings.queue:
            raise self._overloaded()
        task = Task(kind, body, time.monotonic(), deadline, asyncio.get_running_loop().create_future())
        self._waiting.append(task)
        self._feed()
        reply, document = await task.answer
        self.metrics.observe(reply.decode, reply.invoke)
        return reply.status, document

    def _feed(self) -> None:
        """Give what waits to the processes that have least to do."""
        while self._waiting:
            first = self._waiting[0]
            ahead = _AHEAD if _is_light(first) else 1
            free = [worker for worker in self._ready if worker.takes(ahead)]
            if not free:
                break
            min(free, key=lambda worker: len(worker.tasks)).give(self._waiting.popleft())

    def _done(self, task: Task) -> None:
        self._seconds += 0.05 * (time.monotonic() - task.started - self._seconds)
        self._feed()

    async def _keep(self, first: asyncio.Future[None]) -> None:
        """Keep one process running."""
        pause = _FIRST_PAUSE
        while True:
            worker = await start_worker(self._settings.model_dir, self.limits, self._done)
            try:
                word, body = await worker.first_word
                if word.status == READY:
                    pause = _FIRST_PAUSE
                    self._join(worker, json.loads(body), first)
                    await worker.ended
                elif word.status == BROKEN and not first.done():
                    first.set_exception(PackageError(body.decode()))
            except ConnectionError:
                logger.error("a worker ended before it was ready")
            finally:
                self._leave(worker)
            self.metrics.worker_ends.inc()
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _join(self, worker: WorkerProcess, model: dict[str, Any], first: asyncio.Future[None]) -> None:
        logger.info("worker ready", extra={"fields": {"pid": worker.pid}})
        self.model = model
        self._ready.append(worker)
        if not first.done():
            first.set_result(None)
        self._feed()

    def _leave(self, worker: WorkerProcess) -> None:
        """Take a process out, and give what it left unanswered to the others."""
        if worker in self._ready:
            self._ready.remove(worker)
        worker.end()
        for task in reversed(worker.tasks):
            task.attempts += 1  # which of them ended it nobody knows: each is given alone from now on
            if task.answer.done():
                continue
            if task.attempts >= _ATTEMPTS:
                message = "The server failed on this request, three times; its log says why."
                task.answer.set_exception(RequestError(500, "internal_error", message))
            else:
                self._waiting.appendleft(task)
        worker.tasks.clear()
        self._feed()

    async def _enforce_deadlines(self) -> None:
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            now = time.monotonic()
            while self._waiting and self._waiting[0].deadline < now:
                self._waiting.popleft().answer.set_exception(self._overloaded())
            for worker in tuple(self._ready):
                self._enforce_deadlines_of(worker, now)

    def _enforce_deadlines_of(self, worker: WorkerProcess, now: float) -> None:
        late = [task for task in worker.tasks if task.deadline < now and not task.answer.done()]
        for task in late:
            if task is worker.tasks[0]:
                message = f"No answer within {self._settings.deadline_s:g} seconds."
                task.answer.set_exception(RequestError(504, "deadline_exceeded", message))
            else:
                task.answer.set_exception(self._overloaded())
        # What it is at may have waited before: only if it takes as long from its turn on the worker hangs.
        if worker.tasks and now - worker.tasks[0].started > self._settings.deadline_s:
            logger.error("a worker hangs", extra={"fields": {"pid": worker.pid}})
            worker.kill()

    def _overloaded(self) -> RequestError:
        seconds = math.ceil(self._seconds * len(self._waiting) / max(1, len(self._ready)))
        message = "The server has more to do than it can answer in time. Send it again later."
        return RequestError(503, "overloaded", message, retry_after=str(max(1, seconds)))


def _is_light(task: Task) -> bool:
    """Tell whether a request may be given to a worker that is at another."""
    return task.kind == Kind.PICTURE and task.size < _SMALL_BYTES and not task.attempts
