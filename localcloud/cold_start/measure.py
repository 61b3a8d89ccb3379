"""Starts a function's process as Lambda does and takes the time to its first answer."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from localcloud.cold_start.bundles import lay_out, megabytes
from localcloud.cold_start.functions import Function
from localcloud.lambda_functions import make_interpreter
from signpost.errors import SignpostError
from signpost.settings.lambda_config import VARIABLE

# What Lambda's runtime does. The clock is the system's, so that another process can read on.
_START = """
import importlib, json, sys, time, types
handler = importlib.import_module(sys.argv[1]).handler
event = json.loads(sys.argv[2])
context = types.SimpleNamespace(
    function_name="f", memory_limit_in_mb=512, invoked_function_arn="arn:aws:lambda:::function:f", aws_request_id="r"
)
answer = handler(event, context) if event else None
ended = time.monotonic_ns()
print("\\n" + json.dumps({"ended": ended, "answer": answer}))
"""


class NoAnswer(SignpostError):
    """A measured function answered something wrong, or nothing."""


def measure_all(
    measured: Sequence[Function], endpoint_url: str, rounds: int, folder: Path, say: Callable[[str], None]
) -> dict[str, Any]:
    """Measure functions; the kinds of bundle take turns, so that a drift of the machine meets all of them.

    Parameters
    ----------
    measured : sequence of Function
        Which ones.
    endpoint_url : str
        Where their AWS is.
    rounds : int
        Starts of each.
    folder : Path
        For the bundles.
    say : callable
        Told what is going on.

    Returns
    -------
    dict
        ``rounds``; ``python``: milliseconds of the interpreter alone; ``functions``: by title ``answers`` (whether an
        answer was waited for), and ``mb`` and ``ms`` by kind of bundle.

    Raises
    ------
    NoAnswer
        If a function answers something wrong.
    """
    found: dict[str, Any] = {"rounds": rounds, "python": [], "functions": {}}
    with tempfile.TemporaryDirectory() as scratch:
        python = make_interpreter(Path(scratch) / "python")
        laid_out: dict[str, dict[str, Path]] = {}
        for function in measured:
            say(f"bundling {function.title} …")
            bundles = laid_out[function.title] = lay_out(function, folder / function.title)
            found["functions"][function.title] = {
                "answers": function.event is not None,
                "mb": {kind: megabytes(bundle) for kind, bundle in bundles.items()},
                "ms": {kind: [] for kind in bundles},
            }
            for bundle in bundles.values():  # once for the page cache
                start(function, bundle, python, endpoint_url)
        for number in range(rounds):
            say(f"round {number + 1} of {rounds}")
            found["python"].append(start_nothing(python))
            for function in measured:
                times = found["functions"][function.title]["ms"]
                for kind, bundle in laid_out[function.title].items():
                    times[kind].append(start(function, bundle, python, endpoint_url))
    return found


def start(function: Function, bundle: Path, python: Path, endpoint_url: str) -> float:
    """Start a function's process and wait for its first answer.

    Parameters
    ----------
    function : Function
        Which one.
    bundle : Path
        Its folder; nothing is written to it.
    python : Path
        An interpreter that has boto3 and no other package.
    endpoint_url : str
        Where its AWS is.

    Returns
    -------
    float
        Milliseconds from the start of the process to the answer; to the imported handler where it is asked nothing.

    Raises
    ------
    NoAnswer
        If the answer is not the right one.
    """
    command = [python, "-c", _START, f"lambdas.{function.handler}.handler", json.dumps(function.event)]
    environment = _environment(function, bundle, endpoint_url)
    started = time.monotonic_ns()
    done = subprocess.run(
        command, cwd=bundle, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    if done.returncode or function.expected not in (last := done.stdout.rstrip().rpartition("\n")[2]):
        raise NoAnswer(
            f"{function.title} in {bundle} did not answer {function.expected}:\n{done.stdout}\n{done.stderr}"
        )
    return (json.loads(last)["ended"] - started) / 1e6


def start_nothing(python: Path) -> float:
    """Start the interpreter alone.

    Returns
    -------
    float
        Milliseconds until it could run a function.
    """
    started = time.monotonic_ns()
    code = "import time; print(time.monotonic_ns())"
    done = subprocess.run([python, "-c", code], env={}, capture_output=True, text=True, check=True, timeout=120)
    return (int(done.stdout) - started) / 1e6


def _environment(function: Function, bundle: Path, endpoint_url: str) -> dict[str, str]:
    """Give the variables that Lambda and the stacks set."""
    return {
        "PATH": os.environ["PATH"],
        # A function can't write where its code lies.
        "PYTHONDONTWRITEBYTECODE": "1",
        "LAMBDA_TASK_ROOT": str(bundle),
        "AWS_LAMBDA_FUNCTION_NAME": function.handler,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
        "AWS_ENDPOINT_URL": endpoint_url,
        "_X_AMZN_TRACE_ID": "Root=1-00000000-000000000000000000000000;Parent=0000000000000000;Sampled=1",
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
        **({VARIABLE: function.configuration.model_dump_json()} if function.configuration else {}),
        "POWERTOOLS_SERVICE_NAME": function.handler,
        "POWERTOOLS_METRICS_NAMESPACE": "Signpost",
        "POWERTOOLS_LOG_LEVEL": "INFO",
        "PYDANTIC_DISABLE_PLUGINS": "__all__",
    }
