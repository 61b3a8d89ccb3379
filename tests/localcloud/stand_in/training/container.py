"""A tiny program with SageMaker's container contract that does what the job's hyperparameters say.

`python -m training.container` finds it in place of the real one when a job's environment names its folder as
`PYTHONPATH` and sets `PYTHONSAFEPATH`.
"""

import json
import os
import signal
import sys
import threading
from pathlib import Path

ROOT = Path(os.environ["SIGNPOST_ML_ROOT"])


def main() -> None:
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    wanted = config("hyperparameters")
    host = config("resourceconfig")["current_host"]
    say(f"{wanted.get('say', 'hello')} from {host}")
    report(host)
    checkpoint = ROOT / "checkpoints" / "nested" / f"{host}.txt"
    restored = checkpoint.read_text() if checkpoint.exists() else "nothing"
    if "checkpoint" in wanted:
        checkpoint.parent.mkdir(parents=True, exist_ok=True)
        checkpoint.write_text(wanted["checkpoint"])
    if host in wanted.get("wait", "").split(",") and restored == "nothing":
        say("waiting")
        stopped.wait()
    if "model" in wanted:
        (ROOT / "model" / f"{host}.txt").write_text(f"{wanted['model']}, restored {restored}")
    if host == wanted.get("fails"):
        (ROOT / "output" / "failure").write_text(wanted.get("because", ""))
        sys.exit(3)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def config(name: str) -> dict[str, str]:
    return json.loads((ROOT / "input" / "config" / f"{name}.json").read_text())


def report(host: str) -> None:
    """Tell what the container found."""
    inputs = ROOT / "input" / "data"
    files = sorted(file for file in inputs.rglob("*") if file.is_file())
    found = {
        "arguments": sys.argv[1:],
        "folder": str(Path.cwd()),
        "environment": dict(os.environ),
        "config": {name: config(name) for name in ("hyperparameters", "resourceconfig", "inputdataconfig")},
        "inputs": {file.relative_to(inputs).as_posix(): file.read_text() for file in files},
    }
    (ROOT / "output" / "data" / f"{host}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
