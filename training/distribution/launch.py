"""Starts the processes of a strategy on one machine and watches over them."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from training.distribution.cluster import members
from training.distribution.processes import Process, Processes

_ADDRESS = "127.0.0.1"
_PORTS_PER_HOST = 4  # as training.distribution.cluster counts them
_THREADS = "TF_NUM_INTRAOP_THREADS"


def launch(
    command: Sequence[str],
    strategy: str,
    workers: int,
    log_folder: Path,
    progress: Callable[[str], None] = print,
    started: Callable[[Sequence[Process]], None] = lambda _processes: None,
) -> None:
    """Run a training program in several processes until its chief has ended.

    Parameters
    ----------
    command : sequence of str
        The whole program, the same for every process, such as ``[sys.executable, "-m", "training", "vehicle",
        "--strategy", "multi-worker"]``. TF_CONFIG tells each process what it is.
    strategy : str
    workers : int
        Processes that compute gradients; 1 for ``single``. Parameter servers need two processes more: the chief and
        one server.
    log_folder : Path
        Gets a file for the output of each process, such as ``worker-0.log``.
    progress : callable
        Told each line that a process says, with the name of the process before it.
    started : callable
        Given the processes (`Process.name`, `Process.pid`) once all are started, to measure them.

    Raises
    ------
    TrainingError
        If a process dies: which one, how, and its last lines. All others are stopped.
    TrainingInterrupted
        After SIGINT or SIGTERM. The chief has saved a checkpoint, if it was given a folder for them.
    """
    with ExitStack() as stack:
        # Pictures that workers put on the disk go with the folder, however they end.
        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="signpost-training-"))
        group = stack.enter_context(Processes(log_folder, progress))
        for member in members(strategy, free_ports(workers)):
            threads = max(1, (os.cpu_count() or 1) // workers)
            # Workers that each take all cores slow each other down.
            settings = {"TMPDIR": scratch, _THREADS: os.environ.get(_THREADS, str(threads))}
            group.start(member, command, settings)
        started(group.running)
        group.watch()


def free_ports(workers: int) -> list[str]:
    """Find free ports for hosts that share this machine.

    Parameters
    ----------
    workers : int
        Number of hosts.

    Returns
    -------
    list of str
        Address and first port of a row for each, such as ``127.0.0.1:41000``.
    """
    first: list[str] = []
    with ExitStack() as held:
        while len(first) < workers:
            with ExitStack() as row:
                try:
                    port = row.enter_context(socket.create_server((_ADDRESS, 0))).getsockname()[1]
                    for offset in range(1, _PORTS_PER_HOST):
                        row.enter_context(socket.create_server((_ADDRESS, port + offset)))
                except OSError:
                    continue
                held.push(row.pop_all())
                first.append(f"{_ADDRESS}:{port}")
    return first
