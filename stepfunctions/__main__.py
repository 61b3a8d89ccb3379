"""Writes the machines beside this file, for people to read: ``python -m stepfunctions``."""

import json
from pathlib import Path

from signpost.settings import Settings, load_settings
from stepfunctions import batch, routing

FOLDER = Path(__file__).parent
MACHINES = {"routing.asl.json": routing.build, "batch.asl.json": batch.build}


def render(name: str, settings: Settings) -> str:
    """Return the text of one machine's file."""
    return json.dumps(MACHINES[name](settings), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for file in MACHINES:
        (FOLDER / file).write_text(render(file, load_settings(FOLDER.parent / "signpost.toml")), encoding="utf-8")
