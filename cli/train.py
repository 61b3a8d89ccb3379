"""``signpost train``: a recipe's run, here or on SageMaker, and the comparison of strategies."""

from __future__ import annotations

import sys
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from cli.compare import compare
from cli.connection import ROOT, connect
from cli.output import errors
from cli.sagemaker_training import train_on_sagemaker
from signpost.errors import SettingsError
from training import __main__ as program
from training.distribution import SINGLE, Strategy
from training.distribution.launch import launch
from training.recipe import load_recipe

LOGS = ROOT / "build" / "training"


class Place(StrEnum):
    """Where a run takes place."""

    HERE = "here"
    SAGEMAKER = "sagemaker"


class _RecipeOrCommand(TyperGroup):
    """``signpost train vehicle`` trains; ``signpost train compare`` is a command of its own."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        known = args[0] in self.commands
        return super().resolve_command(ctx, args if known else ["run", *args])


app = typer.Typer(cls=_RecipeOrCommand, no_args_is_help=True, help="Train a recipe, or compare ways to train it.")
app.command(name="compare")(compare)


@app.command(name="run")
def run(
    recipe: Annotated[str, typer.Argument(help="A recipe of training/recipes, for instance vehicle.")],
    data: Annotated[
        Path | None, typer.Option(help="Archive of the labels, or a folder of archives.", show_default="downloaded")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the package.", show_default="models/RECIPE")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A sixteenth of the steps: to try things out.")] = False,
    strategy: Annotated[Strategy, typer.Option(help="One process or many.")] = SINGLE,
    workers: Annotated[int, typer.Option(min=1, max=16, help="Worker processes of a strategy with many.")] = 2,
    checkpoints: Annotated[
        Path | None, typer.Option(help="Folder to save to on the way; the next start goes on from it.")
    ] = None,
    captured: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER|s3://BUCKET/PREFIX",
            help="Captured images that people corrected: exported by `signpost capture export --corrected`, or in S3.",
        ),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(help="First weights of a network of photographs: a file of Keras applications, or imagenet."),
    ] = None,
    on: Annotated[Place, typer.Option(help="This machine, or the training machine in the cloud.")] = Place.HERE,
    aws: Annotated[
        bool, typer.Option("--aws", help="With --on sagemaker or --captured: your AWS account, not the local cloud.")
    ] = False,
) -> None:
    """Train a recipe and write its model package.

    Example: signpost train vehicle --quick --out build/vehicle
    """
    given = {"data": data, "out": out, "checkpoints": checkpoints, "captured": captured, "weights": weights}
    if on is Place.SAGEMAKER:
        given |= {"quick": quick or None, "strategy": None if strategy == SINGLE else strategy}
        if used := [f"--{name}" for name, value in given.items() if value is not None]:
            raise SettingsError(
                f"{', '.join(used)} can't be used with --on sagemaker: signpost.toml says what it trains"
            )
        train_on_sagemaker(recipe, aws)
        return
    if captured and captured.startswith("s3://"):
        connect(aws)
    load_recipe(recipe)  # a wrong name is said before TensorFlow loads
    arguments = [recipe, "--strategy", strategy, *(["--quick"] if quick else [])]
    for name, value in given.items():
        arguments += [f"--{name}", str(value)] if value is not None else []
    if strategy == SINGLE:
        raise typer.Exit(program.main(arguments))
    launch([sys.executable, "-m", "training", *arguments], strategy, workers, LOGS, partial(errors.print, markup=False))
