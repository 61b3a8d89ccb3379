"""A worker as the server sees it: a process, a socket, and the requests that it has been given."""

from __future__ import annotations

import asyncio
import os
import socket
import tempfile
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from multiprocessing.util import get_temp_dir
from pathlib import Path
from typing import cast

from serving.frames import REPLY, REQUEST, Kind, Reply, Request
from signpost.images.limits import Limits

# A process that has loaded the libraries is copied for each worker: it starts in milliseconds and shares their memory.
_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(["serving.worker", __name__])
_END_SECONDS = 5
# One that has been at a picture for longer gets no more: it may hang, or the picture be a costly one.
_SLOW_SECONDS = 0.5
# Holds a usual photograph: handed over in one piece it costs one change of process, not one for each part.
_BUFFER_BYTES = 2**20
# The path of a Unix socket has at most 107 bytes; multiprocessing adds 31 to that of the folder.
_FOLDER_BYTES = 107 - 31


@dataclass(eq=False)
class Task:
    """A request on its way to its answer.

    Attributes
    ----------
    kind : Kind
    body : list of bytes
    arrived, deadline : float
        In seconds of the monotonic clock.
    answer : asyncio.Future
    started : float
        When a worker was free for it.
    attempts : int
        Workers that ended while they were at it.
    """

    kind: Kind
    body: list[bytes]
    arrived: float
    deadline: float
    answer: asyncio.Future[tuple[Reply, bytes]]
    started: float = 0.0
    attempts: int = 0

    @property
    def size(self) -> int:
        """Bytes of the body."""
        return sum(map(len, self.body))


class WorkerProcess(asyncio.Protocol):
    """The server's end of the socket to a worker.

    Parameters
    ----------
    process : multiprocessing.process.BaseProcess
        The process.
    done : callable
        Told each task that is answered.
    """

    def __init__(self, process: BaseProcess, done: Callable[[Task], None]) -> None:
        loop = asyncio.get_running_loop()
        self.first_word: asyncio.Future[tuple[Reply, bytes]] = loop.create_future()
        self.ended: asyncio.Future[None] = loop.create_future()
        self.tasks: deque[Task] = deque()
        self._process = process
        self._done = done
        self._transport: asyncio.WriteTransport | None = None
        self._received = bytearray()

    @property
    def pid(self) -> int | None:
        """Of the process."""
        return self._process.pid

    def takes(self, ahead: int) -> bool:
        """Tell whether it may be given another request, if it may have so many at a time."""
        if not self._transport or self._transport.is_closing():  # it has ended, which is about to be noticed
            return False
        if not self.tasks:
            return True
        first = self.tasks[0]
        # What has ended a worker before is left alone with this one.
        return len(self.tasks) < ahead and not first.attempts and first.started > time.monotonic() - _SLOW_SECONDS

    def give(self, task: Task) -> None:
        """Send a request to a worker that takes it; replies come in the order of the requests."""
        task.started = time.monotonic()
        self.tasks.append(task)
        if self._transport:
            head = REQUEST.pack(*Request(task.size, task.kind, task.arrived))
            self._transport.writelines((head, *task.body))

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()

    def end(self) -> None:
        """Close the socket, which ends the process, and collect it."""
        if self._transport:
            self._transport.close()
        self._process.kill()
        self._process.join(_END_SECONDS)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over the transport."""
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        """Hand out the replies that are complete."""
        self._received += data
        while len(self._received) >= REPLY.size:
            reply = Reply._make(REPLY.unpack_from(self._received))
            stop = REPLY.size + reply.size
            if len(self._received) < stop:
                return
            body = bytes(self._received[REPLY.size : stop])
            del self._received[:stop]
            self._hand_out(reply, body)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Tell whoever keeps this process that it has ended."""
        if not self.first_word.done():
            self.first_word.set_exception(ConnectionError("the worker ended"))
        if not self.ended.done():  # nobody waits any more
            self.ended.set_result(None)

    def _hand_out(self, reply: Reply, body: bytes) -> None:
        if not self.first_word.done():
            self.first_word.set_result((reply, body))
            return
        task = self.tasks.popleft()
        if self.tasks:
            self.tasks[0].started = time.monotonic()
        if not task.answer.done():
            task.answer.set_result((reply, body))
        self._done(task)


async def start_worker(model_dir: Path, limits: Limits, done: Callable[[Task], None]) -> WorkerProcess:
    """Start a worker.

    Parameters
    ----------
    model_dir : Path
        Holds a model package, unpacked or as ``model.tar.gz``.
    limits : Limits
        What a picture may cost.
    done : callable
        Told each task that is answered.

    Returns
    -------
    WorkerProcess
        It may still be loading.
    """
    _choose_socket_folder()
    ours, theirs = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)  # the system may allow less
    process = _CONTEXT.Process(target=_work, args=(theirs, model_dir, limits), daemon=True)
    await asyncio.to_thread(process.start)
    theirs.close()
    loop = asyncio.get_running_loop()
    _, worker = await loop.create_unix_connection(lambda: WorkerProcess(process, done), sock=ours)
    return worker


def _choose_socket_folder() -> None:
    """Let multiprocessing keep its sockets in ``/tmp`` where the path of the temporary folder is too long for them."""
    if len(os.fsencode(tempfile.gettempdir())) > _FOLDER_BYTES:
        chosen, tempfile.tempdir = tempfile.tempdir, "/tmp"  # noqa: S108 - the folder in it is made by mkdtemp
        try:
            get_temp_dir()
        finally:
            tempfile.tempdir = chosen


def _work(connection: socket.socket, model_dir: Path, limits: Limits) -> None:
    from serving.worker import work  # the server itself needs nothing of what this imports

    work(connection, model_dir, limits)
