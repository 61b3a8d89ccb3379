"""A line between the hosts of a job: each hears at once when another one ends, and why no answer will come.

The first host listens. The connections carry four words; that they stand is the news that a host lives.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Protocol

from signpost.errors import TrainingError, TrainingInterrupted

_DONE, _STOPPED, _STOP = b"done\n", b"stopped\n", b"stop\n"
_START_SECONDS = 600.0  # between the start of the first container and of the last
_RETRY_SECONDS = 1.0
# A host that fails before it has reached the first one tries so long, or the first would wait for it to start.
_FAREWELL_SECONDS = 30.0
# A machine that is gone says nothing: after this many seconds of silence, and this many questions, it counts as dead.
_KEEP_ALIVE = {"TCP_KEEPIDLE": 15, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}


class Link(Protocol):
    """What the watcher of a host's processes needs to know of the other hosts."""

    @property
    def stop_wanted(self) -> bool:
        """Whether another host was told to stop."""
        ...

    def over(self) -> bool:
        """Find out whether the job has ended well elsewhere.

        Raises
        ------
        TrainingError
            If it has ended otherwise.
        """
        ...

    def ask_to_stop(self) -> None:
        """Have the first host's chief save and end."""
        ...


class FirstHost:
    """The end of the host that the chief runs on; as a context, it tells the others how the job has ended.

    Parameters
    ----------
    address : tuple of str and int
        Where it listens.
    others : sequence of str
        Names of the other hosts.
    """

    def __init__(self, address: tuple[str, int], others: Sequence[str]) -> None:
        self.stop_wanted = False
        self._server = socket.create_server(address)
        self._server.setblocking(False)
        self._missing, self._deadline = set(others), time.monotonic() + _START_SECONDS
        self._lines: list[_Line] = []

    def over(self) -> bool:
        """Hear whether all others live; only this host can end the job well."""
        with contextlib.suppress(BlockingIOError):
            self._lines.append(_Line(self._server.accept()[0]))
        for line in list(self._lines):
            words = line.read()
            self.stop_wanted |= _STOP in words
            names = {word.decode(errors="replace").strip() for word in words} & self._missing
            if names:
                line.name = names.pop()
                self._missing.remove(line.name)
            if line.closed:
                self._lines.remove(line)
                line.close()
                if line.name:
                    raise TrainingError(f"host {line.name} ended before the training was over; its own log says why")
        if self._missing and time.monotonic() > self._deadline:
            raise TrainingError(f"no word from {', '.join(sorted(self._missing))} in {_START_SECONDS:.0f} s")
        return False

    def ask_to_stop(self) -> None:
        """Nothing to ask: the chief runs here."""

    def __enter__(self) -> FirstHost:
        return self

    def __exit__(self, kind: type[BaseException] | None, _value: object, _trace: TracebackType | None) -> None:
        """Say how it ended; after a failure the closed connection says it."""
        word = _DONE if kind is None else _STOPPED if issubclass(kind, TrainingInterrupted) else b""
        for line in self._lines:
            line.write(word)
            line.close()
        self._server.close()


class OtherHost:
    """The end of any other host.

    Parameters
    ----------
    address : tuple of str and int
        Where the first host listens.
    name : str
        This host's.
    """

    def __init__(self, address: tuple[str, int], name: str) -> None:
        self.stop_wanted = False
        self._address, self._name = address, name
        self._deadline, self._next = time.monotonic() + _START_SECONDS, 0.0
        self._line: _Line | None = None

    def over(self) -> bool:
        """Find out how the first host does."""
        if self._line is None:
            return self._connect()
        words = self._line.read()
        if _STOPPED in words:
            raise TrainingInterrupted("the first host was told to stop")
        if self._line.closed and _DONE not in words:
            raise TrainingError("the first host, which runs the chief, ended before the training was over")
        return _DONE in words

    def ask_to_stop(self) -> None:
        """Have the first host's chief save and end."""
        if self._line:
            self._line.write(_STOP)

    def __enter__(self) -> OtherHost:
        return self

    def __exit__(self, kind: type[BaseException] | None, _value: object, _trace: TracebackType | None) -> None:
        """Close the connection: the first host notices."""
        if kind and not issubclass(kind, TrainingInterrupted):
            deadline = min(self._deadline, time.monotonic() + _FAREWELL_SECONDS)
            while self._line is None and time.monotonic() < deadline:
                self._connect()
                time.sleep(_RETRY_SECONDS / 10)
        if self._line:
            self._line.close()

    def _connect(self) -> bool:
        now = time.monotonic()
        if now > self._deadline:
            raise TrainingError(f"the first host did not answer at {':'.join(map(str, self._address))}")
        if now > self._next:
            self._next = now + _RETRY_SECONDS
            with contextlib.suppress(OSError):
                self._line = _Line(socket.create_connection(self._address, timeout=_RETRY_SECONDS))
                self._line.write(f"{self._name}\n".encode())
        return False


class _Line:
    """One connection, read without waiting."""

    def __init__(self, connection: socket.socket) -> None:
        self.name, self.closed = "", False
        self._connection, self._rest = connection, b""
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in _KEEP_ALIVE.items():
            if hasattr(socket, option):  # macOS has other names for some
                connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
        connection.setblocking(False)

    def read(self) -> list[bytes]:
        """Give the words that have come."""
        try:
            received = self._connection.recv(4096)
            self.closed = not received
        except BlockingIOError:
            received = b""
        except OSError:
            self.closed, received = True, b""
        *words, self._rest = (self._rest + received).split(b"\n")
        self._rest = self._rest[-4096:]
        return [word + b"\n" for word in words]

    def write(self, word: bytes) -> None:
        """Send a word; it fits into any buffer. Who can't hear it has ended, which reading tells."""
        with contextlib.suppress(OSError):
            self._connection.sendall(word)

    def close(self) -> None:
        """End the connection."""
        self._connection.close()
