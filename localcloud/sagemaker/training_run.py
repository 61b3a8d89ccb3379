"""One run of a training job on its instances: from the start of the processes until the last of them has ended."""

import contextlib
import enum
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.sagemaker.launch import INHERITED
from localcloud.sagemaker.training_folders import HostFolders
from localcloud.sagemaker.training_host import COMMAND, Host, stop
from localcloud.sagemaker.training_logs import LogStream, Metrics
from localcloud.sagemaker.training_ports import addresses
from localcloud.sagemaker.training_record import MOST_REASON_CHARACTERS
from localcloud.sagemaker.training_request import TrainingRequest

POLL_SECONDS = 0.1
FLUSH_SECONDS = 0.5
KEEP_SECONDS = 1.0


class Ending(enum.Enum):
    """How a run ended, or why it shall end."""

    COMPLETED = "Completed"
    STOPPED = "Stopped"
    MAX_RUNTIME = "MaxRuntimeExceeded"
    MAX_WAIT = "MaxWaitTimeExceeded"
    INTERRUPTED = "Interrupted"
    CLOSED = "Closed"


class AlgorithmError(Exception):
    """A host ended with an error; the message is a `FailureReason`."""


@dataclass(frozen=True)
class Limits:
    """When a run has to end, on the clock of `time.monotonic`.

    Parameters
    ----------
    runtime, wait, interruption : float or None
        The moments; None for never.
    """

    runtime: float
    wait: float | None
    interruption: float | None

    def reached(self) -> Ending | None:
        """Return which is reached, if one is."""
        moments = {
            Ending.MAX_WAIT: self.wait,
            Ending.MAX_RUNTIME: self.runtime,
            Ending.INTERRUPTED: self.interruption,
        }
        now = time.monotonic()
        return next((ending for ending, moment in moments.items() if moment is not None and now >= moment), None)


@dataclass(frozen=True)
class Control:
    """How the job steers a run.

    Parameters
    ----------
    wish : callable
        Waits so many seconds at most, and returns how the run shall end if somebody wants it to.
    on_ending : callable
        Told that the run ends before its hosts get their signals.
    grace : callable
        Returns the seconds that a host has between SIGTERM and SIGKILL.
    keep : callable
        Keeps checkpoints.
    """

    wish: Callable[[float], Ending | None]
    on_ending: Callable[[Ending], None]
    grace: Callable[[], float]
    keep: Callable[[], None]


class TrainingRun:
    """The hosts of a job, once.

    Parameters
    ----------
    request : TrainingRequest
        The job.
    folder : Path
        Gets the ML root of every host.
    logs : boto3 client
        Of CloudWatch Logs, acting as the job's role.
    metrics : Metrics
        Reads the log.
    command : sequence of str
        What each host runs.
    """

    def __init__(
        self, request: TrainingRequest, folder: Path, logs: Any, metrics: Metrics, command: Sequence[str] = COMMAND
    ) -> None:
        self.folders = {host: HostFolders(folder / host, request.checkpoint_folder) for host in request.hosts}
        self._request = request
        self._command = command
        self._streams = [
            LogStream(logs, f"{request.name}/{host}-{int(time.time())}", metrics) for host in request.hosts
        ]
        self._hosts = [
            Host(host, stream.add, folder / f"{host}.pid")
            for host, stream in zip(request.hosts, self._streams, strict=True)
        ]
        self._flushed = self._kept = 0.0

    @property
    def started(self) -> bool:
        """Whether a host of it was started."""
        return any(host.started for host in self._hosts)

    def prepare(self) -> None:
        """Make the folders of every host."""
        for host, folders in self.folders.items():
            folders.make(self._request, host)

    def train(self, limits: Limits, control: Control) -> Ending:
        """Start the hosts and wait for their end.

        Parameters
        ----------
        limits : Limits
            When they have to end.
        control : Control
            How the job steers them.

        Returns
        -------
        Ending
            Why they ended. None of them runs any more, and log and checkpoints are where they belong.

        Raises
        ------
        AlgorithmError
            If one ended with an error.
        """
        with addresses(self._request.hosts) as where:
            try:
                for host in self._hosts:
                    environment = self.folders[host.name].environment(self._request, where, INHERITED)
                    host.start(environment, self._command)
                ending = self._watch(limits, control)
                control.on_ending(ending)
                return ending
            finally:
                stop(self._hosts, control.grace, lambda: self._transfer(control))
                self._flush()
                control.keep()

    def _watch(self, limits: Limits, control: Control) -> Ending:
        while True:
            codes = {host.name: host.exit_code for host in self._hosts}
            for name, code in codes.items():
                if code:
                    raise AlgorithmError(self._reason(name, code))
            if all(code == 0 for code in codes.values()):
                return Ending.COMPLETED
            if ending := limits.reached() or control.wish(POLL_SECONDS):
                return ending
            self._transfer(control)

    def _transfer(self, control: Control) -> None:
        """Send log lines and checkpoints when it is time."""
        now = time.monotonic()
        if now - self._flushed >= FLUSH_SECONDS:
            self._flushed = now
            self._flush()
        if now - self._kept >= KEEP_SECONDS:
            self._kept = now
            control.keep()

    def _flush(self) -> None:
        for stream in self._streams:
            stream.flush()

    def _reason(self, host: str, code: int) -> str:
        """Return the failure's reason, its text shortened so that the exit code stays."""
        text = ""
        with contextlib.suppress(OSError), self.folders[host].failure.open(errors="replace") as file:
            text = file.read(MOST_REASON_CHARACTERS).strip()
        head, tail = "AlgorithmError: ", f", exit code: {code}"
        return head + text[: MOST_REASON_CHARACTERS - len(head) - len(tail)] + tail
