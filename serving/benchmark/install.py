"""Puts in place what is measured: an environment for each of the others, the SavedModel, the load generator."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from serving.benchmark.servers import BUILD, OURS, PACKAGE, RIVALS, ROOT, SAVED_MODEL

_MODEL_LIBRARIES = ("ai-edge-litert", "simplejpeg", "pillow", "numpy", "pydantic")
_LIBRARIES = {
    OURS: ("uvicorn", "starlette", "uvloop", "httptools"),
    "flask_gunicorn": ("flask", "gunicorn", "gunicorn-h1c"),
    "bento": ("bentoml", "fastapi", "uvicorn", "uvloop", "httptools"),
    "ml_server": ("mlserver", "fastapi", "uvicorn", "uvloop", "httptools"),
    "lit_serve": ("litserve", "fastapi", "uvicorn", "uvloop", "httptools"),
    "ray_serve": ("ray", "uvicorn", "uvloop", "httptools"),
}
_VERSIONS = """
import importlib.metadata, json, sys
found = {d.metadata["Name"].lower().replace("_", "-"): d.version for d in importlib.metadata.distributions()}
print(json.dumps({name: found[name] for name in sys.argv[1:] if name in found}))
"""


class BenchmarkError(Exception):
    """Something can't be measured; the text says why."""


def install(name: str) -> None:
    """Install one of the others into an environment of its own, unless that is as locked already.

    Raises
    ------
    BenchmarkError
        If it can't be installed.
    """
    folder, locked = BUILD / name, RIVALS / name / "requirements.txt"
    stamp = folder / "requirements.txt"
    if stamp.is_file() and stamp.read_bytes() == locked.read_bytes():
        return
    uv = str(Path(sys.executable).with_name("uv"))
    _run(uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder))
    options = ("--quiet", "--python", str(folder / "bin/python"), "--require-hashes", "--compile-bytecode")
    _run(uv, "pip", "install", *options, "-r", str(locked))
    shutil.copyfile(locked, stamp)


def export_saved_model() -> None:
    """Write the SavedModel, unless it is that of the package already.

    Raises
    ------
    BenchmarkError
        If it can't be written.
    """
    source = PACKAGE / "model.keras"
    digest, stamp = hashlib.sha256(source.read_bytes()).hexdigest(), SAVED_MODEL / "sha256"
    if stamp.is_file() and stamp.read_text() == digest:
        return
    shutil.rmtree(SAVED_MODEL, ignore_errors=True)
    _run(sys.executable, "-m", "serving.benchmark.export", str(source), str(SAVED_MODEL))
    stamp.write_text(digest)


def versions(name: str) -> dict[str, str]:
    """Say which versions of what matters a server runs on."""
    python = sys.executable if name == OURS else str(BUILD / name / "bin/python")
    tensorflow = () if name == OURS else ("tensorflow-cpu",)
    return json.loads(_run(python, "-c", _VERSIONS, *_LIBRARIES[name], *tensorflow, *_MODEL_LIBRARIES))


def find_wrk() -> str:
    """Say which version of the load generator there is.

    Raises
    ------
    BenchmarkError
        If there is none.
    """
    if not shutil.which("wrk"):
        raise BenchmarkError("wrk is not installed; it makes the load: apt-get install wrk")
    shown = subprocess.run(["wrk", "--version"], capture_output=True, text=True, check=False)  # noqa: S607
    return shown.stdout.split()[1]  # its exit code is 1


def _run(*command: str) -> str:
    result = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}, capture_output=True, text=True, check=False
    )
    if result.returncode:
        lines = result.stderr.strip().splitlines() or [f"exit code {result.returncode}"]
        raise BenchmarkError(f"{Path(command[0]).name} {command[1]}: {' '.join(lines[-3:])[:400]}")
    return result.stdout
