"""One process of a training run. ``signpost train`` starts one or many of them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from signpost.aws.clients import client
from signpost.errors import SignpostError, TrainingInterrupted
from signpost.terminal.console import make_console, plain_message
from training.data.catalogue import fetch
from training.data.corrected import read_captured, read_corrected_set
from training.data.locate import locate
from training.data.pictures import Dataset
from training.distribution import STRATEGIES
from training.distribution.processes import INTERRUPTED
from training.recipe import Recipe, load_recipe, recipes

ROOT = Path(__file__).resolve().parents[1]


def main(arguments: list[str] | None = None) -> int:
    """Run the command.

    Returns
    -------
    int
        0, 1 after an error that was printed, or 75 after a signal to stop.
    """
    options = _parser().parse_args(arguments)
    console = make_console(stderr=True)
    if not find_spec("tensorflow"):
        console.print("[red]error:[/] training needs TensorFlow, an extra of its own: run `make .venv/training` first")
        return 1

    def say(line: str) -> None:
        console.print(plain_message(line))

    # What it says on its own, down to errors, is of no use to anyone: what goes wrong arrives as an exception.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # TensorFlow takes seconds to load, and processes that draw pictures import this module too.
    from training.program import Run, run

    try:
        recipe = load_recipe(options.recipe)
        recipe = recipe.quick() if options.quick else recipe
        recipe = recipe.model_copy(update={"seed": options.seed}) if options.seed is not None else recipe
        archive, related = locate(recipe.data, options.data, lambda name: fetch(name, console))
        task = Run(
            recipe,
            archive,
            related,
            out=options.out or ROOT / "models" / recipe.name,
            strategy=options.strategy,
            checkpoints=options.checkpoints,
            weights=options.weights,
            evaluation=options.evaluation,
            history=options.history,
            corrected=partial(_corrected, options.captured, recipe, say) if options.captured else None,
        )
        run(task, say)
    except TrainingInterrupted as error:
        say(str(error))
        return INTERRUPTED
    except SignpostError as error:
        console.print(f"[red]error:[/] {plain_message(error)}")
        return 1
    return 0


def _corrected(captured: str, recipe: Recipe, say: Callable[[str], None], labels: tuple[str, ...]) -> Dataset:
    size = (recipe.data.width, recipe.data.height)
    if captured.startswith("s3://"):
        return read_captured(client("s3"), captured, *size, labels, say)
    return read_corrected_set(Path(captured), *size, labels, say)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("recipe", choices=recipes())
    parser.add_argument("--data", type=Path, help="archive of the labels, or a folder of archives")
    parser.add_argument("--quick", action="store_true", help="a sixteenth of the steps: to try things out")
    parser.add_argument("--seed", type=int, help="another seed than the recipe's")
    parser.add_argument("--captured", metavar="FOLDER|s3://BUCKET/PREFIX", help="captured images that people corrected")
    parser.add_argument("--strategy", choices=STRATEGIES, default="single")
    for name, text in (
        ("out", "folder of the package (default models/RECIPE)"),
        ("checkpoints", "folder to save to on the way and to go on from"),
        (
            "weights",
            "Keras applications weights without the top, for a network of photographs; or imagenet to download them",
        ),
        ("evaluation", "file for the untouched test pictures"),
        ("history", "file for the accuracy on the way, JSON lines"),
    ):
        parser.add_argument(f"--{name}", type=Path, help=text)
    return parser


if __name__ == "__main__":
    sys.exit(main())
