"""Measures what the cores allow: ``python -m serving.benchmark.bound PACKAGE SECONDS PICTURES…`` decodes and invokes.

No server, no answers: `prepare` and the interpreter in a loop.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from serving.benchmark.servers import CORES, PACKAGE, ROOT
from signpost.images.limits import Limits
from signpost.images.prepare import prepare
from signpost.model.package import open_package
from signpost.model.predictor import Predictor


def measure_bound(pictures: Iterable[Path], seconds: int) -> float:
    """Run the loop in as many processes as there are cores.

    Returns
    -------
    float
        Pictures a second of all processes.
    """
    command = [sys.executable, "-m", __spec__.name, str(PACKAGE), str(seconds), *map(str, pictures)]
    processes = [
        subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        for _ in range(CORES)
    ]
    for process in processes:
        assert process.stdout  # noqa: S101 - it is a pipe
        process.stdout.readline()  # it is ready
    for process in processes:
        assert process.stdin  # noqa: S101 - it is a pipe
        process.stdin.write("\n")
        process.stdin.flush()
    return sum(float(process.communicate()[0]) for process in processes)


def _loop(package: Path, seconds: float, pictures: list[Path]) -> float:
    predictor, limits = Predictor(open_package(package)), Limits()
    size, contents = predictor.manifest.input, [file.read_bytes() for file in pictures]

    def work(data: bytes) -> None:
        predictor.logits(np.asarray(prepare(data, size.width, size.height, limits)))

    for data in contents:
        work(data)
    print("ready", flush=True)  # noqa: T201 - the other processes are to begin at the same time
    sys.stdin.readline()
    started = time.perf_counter()
    for count, data in enumerate(itertools.cycle(contents)):
        passed = time.perf_counter() - started
        if passed >= seconds:
            return count / passed
        work(data)
    raise AssertionError("a cycle does not end")


if __name__ == "__main__":
    rate = _loop(Path(sys.argv[1]), float(sys.argv[2]), [Path(name) for name in sys.argv[3:]])
    print(rate)  # noqa: T201 - for the process that asked
