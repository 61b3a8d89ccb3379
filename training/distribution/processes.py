"""A group of processes that train together: started, listened to, watched, stopped."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from signpost.aws.proxies import around_loopback
from signpost.errors import TrainingError, TrainingInterrupted
from training.distribution.cluster import CLUSTER_VARIABLE, Member, Task
from training.distribution.interruption import Interruption
from training.distribution.link import Link

# SageMaker kills 120 s after SIGTERM: time to save comes off that, and time to say so.
SAVE_SECONDS = 100.0
_END_SECONDS, _POLL_SECONDS = 10.0, 0.05
_CAUSE_SECONDS = 1.0  # one death soon fails the others: who died first becomes clear
_LAST_LINES = 12
INTERRUPTED = 75  # exit code of a program that was stopped and has saved: EX_TEMPFAIL of sysexits.h
_STOPPED = "stopped by a signal; the next start goes on from the last checkpoint"
# TensorFlow's notes and warnings to its own developers stay in the log files; its errors are passed on.
_CHATTER = re.compile(
    r"\d{4}-\d\d-\d\d \S+ [IW] |[IW]\d{4} |WARNING: All log messages before absl|To enable the following"
    r"|E\d{4} .*attribute use_unbounded_threadpool which is not in the op definition"
)
# TensorFlow's advice for parameter servers: a call to a process that is gone fails instead of waiting for it.
_RPC = {"GRPC_FAIL_FAST": "use_caller"}
_SERVER = (sys.executable, "-m", "training.distribution.server")


class Process:
    """One running process of the group.

    Attributes
    ----------
    task : Task
    name : str
        In the words of the logs, such as ``worker 0``.
    last_lines : deque of str
    """

    def __init__(self, task: Task, process: subprocess.Popen[str], log: IO[str], tell: Callable[[str], None]) -> None:
        self.task, self.name = task, str(task)
        self.last_lines: deque[str] = deque(maxlen=_LAST_LINES)
        self._process = process
        self._reader = threading.Thread(target=self._listen, args=(process.stdout, log, tell), daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def code(self) -> int | None:
        """Exit code, or minus the signal's number; None while it runs."""
        return self._process.poll()

    def send(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        self._process.send_signal(number)

    def close(self) -> None:
        """Kill it if need be, and read what it still said."""
        self._process.kill()
        self._process.wait()
        self._reader.join(_END_SECONDS)

    def death(self) -> str:
        """Say how it ended."""
        code = self.code or 0
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        self._reader.join(_CAUSE_SECONDS)
        said = "\n".join(f"  {line}" for line in self.last_lines)
        return f"{self.name} (process {self.pid}) {how}" + (
            f"; its last lines:\n{said}" if said else " and said nothing"
        )

    def _listen(self, output: IO[str], log: IO[str], tell: Callable[[str], None]) -> None:
        with output, log:
            for line in output:
                text = line.rstrip()
                log.write(f"{text}\n")
                log.flush()
                if not _CHATTER.match(text):
                    self.last_lines.append(text)
                    tell(f"[{self.name}] {text}")


class ProcessKilledError(TrainingError):
    """A signal ended a process, such as the system's when memory runs out; what the others say of it are symptoms."""


class Processes:
    """As a context: whatever happens, all processes have ended when it is left.

    Parameters
    ----------
    log_folder : Path
        Gets a file for each process.
    progress : callable
        Told each line.
    """

    def __init__(self, log_folder: Path, progress: Callable[[str], None]) -> None:
        self.running: list[Process] = []
        self._log_folder, self._progress = log_folder, progress
        self._interruption = Interruption()
        self._speaking, self._over = threading.Lock(), False

    def __enter__(self) -> Processes:
        """Take over SIGTERM and Ctrl-C, so that the chief can save."""
        self._log_folder.mkdir(parents=True, exist_ok=True)
        self._interruption.__enter__()
        return self

    def __exit__(self, *_exception: object) -> None:
        """End them all."""
        _signal(self.running, signal.SIGTERM)
        self._await(lambda: all(process.code is not None for process in self.running), _END_SECONDS)
        for process in self.running:
            process.close()
        self._interruption.__exit__()

    def start(self, member: Member, command: Sequence[str], settings: Mapping[str, str]) -> None:
        """Start a process.

        Parameters
        ----------
        member : Member
            What it is.
        command : sequence of str
            What it runs; a parameter server runs its own, which needs no data.
        settings : mapping of str to str
            What its environment has beyond this process's own.
        """
        program = _SERVER if member.task.type == "ps" else command
        environment = {"PYTHONUNBUFFERED": "1", "TF_CPP_MIN_LOG_LEVEL": "3", **_RPC, **os.environ, **settings}
        environment |= around_loopback(os.environ)  # gRPC, too, would ask a proxy for the way to 127.0.0.1
        if member.task.type == "ps" or (member.task.type == "chief" and "ps" in member.cluster.cluster):
            environment["CUDA_VISIBLE_DEVICES"] = ""  # the workers need the GPU, these don't
        environment[CLUSTER_VARIABLE] = member.cluster.to_environment()
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("bound.py")), str(os.getpid()), *program],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        log = (self._log_folder / f"{member.task.type}-{member.task.index}.log").open("w")
        self.running.append(Process(member.task, process, log, self._tell))

    def watch(self, link: Link | None = None) -> None:
        """Wait until the chief has ended well, here or on another host.

        Parameters
        ----------
        link : Link or None
            To the other hosts, if there are any.

        Raises
        ------
        TrainingError
            If a process dies.
        TrainingInterrupted
            After SIGTERM or Ctrl-C.
        """
        while not (self._chief_is_done() or (link and link.over())):
            if self._interruption.wanted or (link and link.stop_wanted):
                self._interrupt(link)
            if dead := self._dead():
                if dead[0].code == INTERRUPTED:  # the group stops together, wherever the signal came to
                    self._interrupt(link)
                raise self._failure(dead[0])
            time.sleep(_POLL_SECONDS)
        self._over = True

    def _tell(self, line: str) -> None:
        # What servers say of a chief that has ended well would only alarm.
        if not self._over:
            with self._speaking:
                self._progress(line)

    def _chief_is_done(self) -> bool:
        return any(process.task.type == "chief" and process.code == 0 for process in self.running)

    def _dead(self) -> list[Process]:
        # Only the chief may end by itself: workers and servers serve until they are told.
        return [process for process in self.running if process.code or (process.code == 0 and process.name != "chief")]

    def _failure(self, first: Process) -> TrainingError:
        self._await(lambda: False, _CAUSE_SECONDS)
        killed = [process for process in self._dead() if (process.code or 0) < 0]
        return ProcessKilledError(killed[0].death()) if killed else TrainingError(first.death())

    def _interrupt(self, link: Link | None) -> None:
        """Have the chief save, wherever it runs; it takes the workers along where they learn in step."""
        chiefs, impatient = (
            [process for process in self.running if process.name == "chief"],
            self._interruption.count + 1,
        )
        _signal(chiefs, signal.SIGTERM)
        if link:
            link.ask_to_stop()

        def ended() -> bool:
            there = all(chief.code is not None for chief in chiefs) if chiefs or not link else link.over()
            return there or self._interruption.count >= impatient

        self._await(ended, SAVE_SECONDS)
        raise TrainingInterrupted(_STOPPED)

    def _await(self, condition: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not condition() and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)


def _signal(processes: Sequence[Process], number: signal.Signals) -> None:
    for process in processes:
        process.send(number)
