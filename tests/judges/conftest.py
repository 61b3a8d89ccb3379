"""The programs that judge state machines; `make .venv/test` installs them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent
BIN = Path(sys.executable).parent


@pytest.fixture(scope="session")
def node() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run Node.js in the folder that the judges are installed in."""
    assert (FOLDER / "node_modules").is_dir(), "the judges are not installed: run `make .venv/test`"
    environment = {"PATH": f"{BIN}{os.pathsep}{os.defpath}"}

    def run(*arguments: str, said: Any = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [BIN / "node", *arguments],
            cwd=FOLDER,
            env=environment,
            input=json.dumps(said),
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    return run
