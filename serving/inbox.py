"""A worker's requests, as they come in over its socket."""

from __future__ import annotations

import io
import os
import socket
import time
from typing import Any

from serving.frames import REQUEST, Request

_BUFFER_BYTES, _SMALL_BYTES = 2**16, 2**15
# A worker that has nothing to do looks for something for so long before it sleeps: a processor that is woken answers a
# small picture a tenth later.
_AWAKE_SECONDS = 0.0005
_give_way = getattr(os, "sched_yield", lambda: None)  # not every system has it


class Inbox:
    """The requests that a worker has been given.

    Parameters
    ----------
    connection : socket
        To the server.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._source = _Source(connection)
        self._stream = io.BufferedReader(self._source, _BUFFER_BYTES)

    def take(self, most: int) -> list[tuple[Request, bytes]]:
        """Wait for a request, and take those that are there by then, as long as all are small.

        A large one may take long: it keeps no others waiting for their answers.

        Parameters
        ----------
        most : int
            How many to take at most.

        Returns
        -------
        list of tuple of Request and bytes
            In their order; none once the server has closed the connection.
        """
        taken = []
        while not taken or (len(taken) < most and len(taken[0][1]) <= _SMALL_BYTES and self._next_is_small()):
            head = self._stream.read(REQUEST.size)
            if len(head) < REQUEST.size:
                break
            request = Request._make(REQUEST.unpack(head))
            body = self._stream.read(request.size)
            if len(body) < request.size:
                break
            taken.append((request, body))
        return taken

    def _next_is_small(self) -> bool:
        self._source.waits = False
        try:
            head = self._stream.peek(REQUEST.size)[: REQUEST.size]
        finally:
            self._source.waits = True
        return len(head) == REQUEST.size and Request._make(REQUEST.unpack(head)).size <= _SMALL_BYTES


class _Source(io.RawIOBase):
    """The socket, which is asked without waiting while there is work."""

    def __init__(self, connection: socket.socket) -> None:
        self.waits = True
        self._connection = connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        until = time.monotonic() + _AWAKE_SECONDS if self.waits else 0.0
        while True:
            try:
                return self._connection.recv_into(buffer, 0, socket.MSG_DONTWAIT)
            except BlockingIOError:
                if not self.waits:
                    return None
            if time.monotonic() > until:
                return self._connection.recv_into(buffer)
            _give_way()
