"""One host of a training job: a process in a group of its own, in place of a container."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from localcloud.process import CHECKOUT

# The image's entry point with SageMaker's argument.
COMMAND = (sys.executable, "-m", "training.container", "train")
MOST_LINE_CHARACTERS = 65_536
POLL_SECONDS = 0.05
READER_SECONDS = 5.0


class Host:
    """A host that trains.

    Parameters
    ----------
    name : str
        Such as `algo-1`.
    on_line : callable
        Gets every line that it says, in a thread of its own.
    pid_file : Path
        Gets the id of its process group as long as it runs, so that one that outlives a killed cloud can be found.
    """

    def __init__(self, name: str, on_line: Callable[[str], None], pid_file: Path) -> None:
        self.name = name
        self._on_line = on_line
        self._pid_file = pid_file
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    @property
    def started(self) -> bool:
        """Whether its process was started."""
        return self._process is not None

    @property
    def exit_code(self) -> int | None:
        """As a container's: 128 and the signal's number for one that a signal ended; None while it runs."""
        code = self._process.poll() if self._process else None
        return code if code is None or code >= 0 else 128 - code

    def start(self, environment: Mapping[str, str], command: Sequence[str] = COMMAND) -> None:
        """Start the process.

        Parameters
        ----------
        environment : mapping of str to str
            Its whole environment.
        command : sequence of str
            What it runs, in the repository's root.
        """
        process = subprocess.Popen(
            list(command),
            env=dict(environment),
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            process_group=0,
        )
        self._pid_file.write_text(str(process.pid))
        self._process = process
        self._reader = threading.Thread(target=self._read, args=(process.stdout,), name=self.name, daemon=True)
        self._reader.start()

    def terminate(self) -> None:
        """Ask the process to end: the container's first process gets SIGTERM."""
        if self._process and self._process.poll() is None:
            self._process.terminate()

    def close(self) -> None:
        """End the process and all that it started, and read what it still said."""
        if self._process is None:
            return
        # macOS says that it may not when only ended processes are left.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._reader:
            # A process that left the group could hold the pipe open.
            self._reader.join(READER_SECONDS)
        self._pid_file.unlink(missing_ok=True)

    def _read(self, output: IO[str]) -> None:
        with output:
            for line in iter(lambda: output.readline(MOST_LINE_CHARACTERS), ""):
                self._on_line(line)


def stop(hosts: Sequence[Host], grace: Callable[[], float], meanwhile: Callable[[], None]) -> None:
    """End hosts as SageMaker does: SIGTERM, time to save, SIGKILL.

    Parameters
    ----------
    hosts : sequence of Host
        The hosts.
    grace : callable
        Returns the seconds between the two signals; asked again and again, since they may get fewer.
    meanwhile : callable
        Called again and again until all have ended.
    """
    began = time.monotonic()
    for host in hosts:
        host.terminate()
    while any(host.exit_code is None for host in hosts if host.started) and time.monotonic() - began < grace():
        meanwhile()
        time.sleep(POLL_SECONDS)
    for host in hosts:
        host.close()
