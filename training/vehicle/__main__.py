"""Trains the vehicle model: ``python -m training.vehicle [--cifar ARCHIVE] [--out FOLDER] [--steps N]``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console

from signpost.errors import SignpostError
from training.data.download import cifar100_archive
from training.recipe import Recipe
from training.vehicle.build import ROOT, build


def main(arguments: list[str] | None = None) -> int:
    """Run the command.

    Returns
    -------
    int
        0, or 1 after an error that was printed.
    """
    parser = argparse.ArgumentParser(prog="python -m training.vehicle", description=__doc__)
    parser.add_argument(
        "--cifar", type=Path, help="CIFAR-100 archive for Python; default: the official one, downloaded"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "models" / "vehicle", help="folder of the package")
    parser.add_argument("--steps", type=int, default=Recipe().steps, help="batches to train for (default %(default)s)")
    options = parser.parse_args(arguments)
    console = Console(stderr=True)
    try:
        archive = options.cifar or cifar100_archive(console)
        build(archive, options.out, Recipe(steps=options.steps), console.print)
    except SignpostError as error:
        console.print(f"[red]error:[/] {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
