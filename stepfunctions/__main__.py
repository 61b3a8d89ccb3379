"""Writes the machines beside this file, for people to read: ``python -m stepfunctions``."""

import json
from functools import partial
from pathlib import Path

from signpost.settings.file import Settings, load_settings
from stepfunctions import batch, routing, training
from stepfunctions.states import State

FOLDER = Path(__file__).parent


def machines(settings: Settings) -> dict[str, State]:
    """Build every machine, by the name of its file."""
    trained = {f"training-{name}.asl.json": partial(training.build, settings, name) for name in settings.trained}
    builders = {"routing.asl.json": partial(routing.build, settings), "batch.asl.json": partial(batch.build, settings)}
    return {file: build() for file, build in (builders | trained).items()}


def render(machine: State) -> str:
    """Return the text of one machine's file."""
    return json.dumps(machine, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for former in FOLDER.glob("*.asl.json"):
        former.unlink()
    for file, machine in machines(load_settings(FOLDER.parent / "signpost.toml")).items():
        (FOLDER / file).write_text(render(machine), encoding="utf-8")
