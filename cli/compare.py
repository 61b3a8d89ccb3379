"""``signpost train compare``: the strategies side by side."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.cloud import Aws
from cli.connection import connect
from cli.output import console, errors, step
from signpost.aws import clients
from signpost.cost.prices import training_price
from signpost.terminal.console import plain
from training.compare.intervals import MOST_REPEATS

_ALL = "single,multi-worker,parameter-server,parameter-server-sync"


def compare(
    recipe: Annotated[str, typer.Argument(help="A recipe of training/recipes, for instance faces.")],
    out: Annotated[Path, typer.Option(help="Folder of the results. A second start goes on there.")],
    strategies: Annotated[str, typer.Option(help="Which, the first being what others are compared with.")] = _ALL,
    workers: Annotated[int, typer.Option(min=1, max=16, help="Workers of a strategy with many processes.")] = 2,
    repeats: Annotated[
        int, typer.Option(min=1, max=MOST_REPEATS, help="Runs of each strategy, each with another seed.")
    ] = 3,
    data: Annotated[
        Path | None,
        typer.Option(help="Archive of the labels, or a folder of archives.", show_default="downloaded"),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A sixteenth of the steps.")] = False,
    instance_type: Annotated[str, typer.Option(help="Whose price a measured run is given.")] = "ml.m5.large",
    target: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Validation accuracy that the time is given to.")
    ] = 0.9,
    jobs: Annotated[
        list[str] | None, typer.Option(help="A SageMaker job of this recipe whose billed seconds count. Repeatable.")
    ] = None,
    aws: Aws = False,
) -> None:
    """Run the strategies of training one after the other and report what each costs.

    A second start with the same folder makes the runs that are missing or failed, and writes the report anew.

    Example: signpost train compare faces --quick --out build/compare-faces
    """
    from training.compare.comparison import compare as make_runs
    from training.compare.comparison import make_setting, open_folder
    from training.compare.costs import read_jobs
    from training.compare.plan import Plan, parse_strategies
    from training.compare.report import View, write_report
    from training.data.catalogue import fetch
    from training.data.locate import locate
    from training.recipe import load_recipe

    names = parse_strategies(strategies)
    training_price(instance_type)  # an unknown one is said before hours of runs
    settings = load_recipe(recipe).quick() if quick else load_recipe(recipe)
    archive, related = locate(settings.data, data, lambda name: fetch(name, console))
    plan = Plan(settings, names, workers, repeats, data, out)
    if jobs:
        connect(aws)
    billed, left_out = read_jobs(jobs, clients.client("sagemaker"), recipe, names, quick) if jobs else ([], [])
    setting = make_setting(plan, [archive, *related])
    open_folder(out, setting)
    with step(f"Comparing {len(plan.runs())} runs of {recipe}") as report:
        complete = make_runs(plan, quick, _tell, report)
    view = View(target, instance_type, tuple(billed), tuple(left_out), shlex.join(["signpost", *sys.argv[1:]]))
    for paragraph in write_report(plan, setting, view):
        console.print(plain(paragraph))
        console.print()
    console.print(f"The report is {plain(out / 'report.html')}, its tables {plain(out / 'report.md')}")
    if not complete:
        errors.print("[yellow]stopped[/] before all runs were made; the same command goes on")
        raise typer.Exit(130)


def _tell(line: str) -> None:
    console.print(plain(line))
