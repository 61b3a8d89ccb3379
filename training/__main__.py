"""Trains a classifier by its recipe and writes its package."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console

from signpost.errors import SignpostError
from training.build import ROOT, build
from training.data.locate import locate
from training.recipe import load_recipe, recipes


def main(arguments: list[str] | None = None) -> int:
    """Run the command.

    Returns
    -------
    int
        0, or 1 after an error that was printed.
    """
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("classifier", choices=recipes())
    parser.add_argument(
        "--data", type=Path, help="archive of the labels, or a folder of archives; CIFAR-100 is downloaded otherwise"
    )
    parser.add_argument("--quick", action="store_true", help="a tenth of the steps: to try things out")
    parser.add_argument("--out", type=Path, help="folder of the package (default models/CLASSIFIER)")
    options = parser.parse_args(arguments)
    console = Console(stderr=True)
    try:
        recipe = load_recipe(options.classifier)
        archive, related = locate(recipe.data, options.data, console)
        out = options.out or ROOT / "models" / options.classifier
        build(options.classifier, archive, related, out, recipe.quick() if options.quick else recipe, console.print)
    except SignpostError as error:
        console.print(f"[red]error:[/] {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
