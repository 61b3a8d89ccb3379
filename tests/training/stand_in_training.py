"""Takes the place of ``python -m training`` in tests: same arguments, same files, no network and no TensorFlow.

What the environment variable STAND_IN says for the strategy: ``fail`` ends with exit code 3, ``wait`` never ends,
``other-data`` reports another fingerprint, ``silent`` leaves no package.
"""

import argparse
import json
import os
import signal
import socket
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from signpost.model.manifest import InputSpec, Manifest
from training.recipe import load_recipe

SENT, CPU_SECONDS = 300_000, 0.15


def main() -> int:
    """Run as one process of a strategy."""
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, required=True)
    for name in ("strategy", "out", "history", "data"):
        parser.add_argument(f"--{name}")
    options = parser.parse_args()
    mode = json.loads(os.environ.get("STAND_IN", "{}")).get(options.strategy)
    task = json.loads(os.environ["TF_CONFIG"])["task"]
    _say(f"{options.strategy} {task['type']} {task['index']} begins")
    _burn(CPU_SECONDS)
    if task["type"] != "chief":
        signal.pause()  # until it is told to end
    if mode == "fail":
        _say("there is no such picture")
        return 3
    if mode == "wait":
        time.sleep(600)
    _send(SENT)
    if mode != "silent":
        _write(options, "other" if mode == "other-data" else f"data of seed {options.seed}")
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _burn(seconds: float) -> None:
    """Use CPU, and hold memory, for long enough to be sampled."""
    kept, until = bytearray(8 << 20), time.process_time() + seconds
    while time.process_time() < until:
        kept[0] = 1


def _send(count: int) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as one,
        server.accept()[0] as other,
    ):
        for _ in range(count // 1000):
            one.sendall(bytes(1000))
            other.recv(1000, socket.MSG_WAITALL)


def _write(options: argparse.Namespace, fingerprint: str) -> None:
    recipe = load_recipe(options.recipe)
    recipe = recipe.quick() if options.quick else recipe
    with Path(options.history).open("w") as file:
        for number in (1, 2):
            step = recipe.fine_tuning.steps * number // 2
            line = {
                "lesson": "fine-tuning",
                "step": step,
                "seconds": 4.0 * number,
                "loss": 0.1,
                "accuracy": 0.45 * number,
            }
            file.write(json.dumps(line) + "\n")
    test = {"n": 200, "accuracy": 0.9, "accuracy_95": [0.85, 0.93], "macro_f1": 0.89}
    manifest = Manifest(
        name=options.recipe,
        version="1",
        labels=["a", "b"],
        input=InputSpec(width=32, height=32),
        temperature=1.0,
        thresholds={"a": 0.5, "b": 0.5},
        quantisation="float32",
        metrics={"test": {"photographs": test}},
        data={
            "fingerprint": fingerprint,
            "counts": {"train": {"photographs": 160}},
            "recipe": recipe.model_dump(mode="json"),
        },
        git_revision="0123456",
        versions={},
        created=datetime.now(UTC),
        files={},
    )
    Path(options.out).mkdir(parents=True)
    (Path(options.out) / "manifest.json").write_text(manifest.model_dump_json())


if __name__ == "__main__":
    sys.exit(main())
