"""``signpost serve``: the model server of the container, on this machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from cli.connection import ROOT
from serving.__main__ import main as server


def serve(
    model: Annotated[
        Path, typer.Argument(help="Folder with a model package, unpacked or as model.tar.gz.", show_default="vehicle")
    ] = ROOT / "models" / "vehicle",
    port: Annotated[int, typer.Option(help="0 takes any free port.")] = 8080,
) -> None:
    """Serve a model over HTTP, as the container does; its environment variables count here too.

    Example: signpost serve models/vehicle --port 8080
    """
    # A container's own network has nobody else in it, a laptop's has.
    os.environ.setdefault("SIGNPOST_HOST", "127.0.0.1")
    os.environ |= {"SIGNPOST_MODEL_DIR": str(model), "SIGNPOST_PORT": str(port)}
    raise typer.Exit(server([]))
