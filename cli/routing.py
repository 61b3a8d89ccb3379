"""Commands that route pictures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from cli.cloud import AsJson, Aws
from cli.connection import STATE, find_router, settings
from cli.decisions import DecisionLines, ProgressLine
from cli.files import files_in
from cli.interrupt import INTERRUPTED, on_interrupt
from cli.output import console, errors, step
from signpost.aws.routing_run import RoutingRun
from signpost.errors import PictureError, RoutingFault
from signpost.routing.contracts import Decision
from signpost.routing.events import read_event
from signpost.terminal.console import plain

_FAULTS = 3


def route(
    paths: Annotated[list[Path], typer.Argument(help="Images, or folders of images.")],
    classifier: Annotated[str | None, typer.Option(help="Which classifier to use; else the default one.")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue an earlier run: what was uploaded keeps its one decision.")
    ] = False,
    as_json: AsJson = False,
    on_aws: Aws = False,
) -> None:
    """Upload images, route them, and print the decisions as they come.

    An image that can't be read or routed does not stop the others; the exit code is then 3. Ctrl-C ends the run in
    order; --resume continues it, and dispatches no image twice.

    Example: signpost route photo.jpg folder/ --classifier vehicle --json
    """
    settings().classifier(classifier)
    files = files_in(paths)
    _route(RoutingRun(find_router(on_aws), files, classifier, resume=resume), files, as_json)


def redrive(on_aws: Aws = False, as_json: AsJson = False) -> None:
    """Route again what is in the fault queue, once its cause is gone.

    Example: signpost redrive
    """
    left = done = waiting = 0
    for parked, result in find_router(on_aws).redrive():
        decision = result if isinstance(result, Decision) else None
        waits = isinstance(result, RoutingFault) and result.waits
        ignored = isinstance(result, PictureError)  # a folder
        left += not (decision or waits or ignored)
        done, waiting = done + bool(decision), waiting + waits
        if as_json and decision:
            typer.echo(decision.model_dump_json())
        elif not as_json:
            name = read_event(parked.event, "").key or json.dumps(parked.event)
            console.print(f"{plain(name)}: {decision.outcome if decision else plain(result)}")
    if not as_json:
        asleep = f" {waiting} wait for an instance, and are then decided." if waiting else ""
        console.print(f"{done} decided, {left} still in the fault queue.{asleep}")
    raise typer.Exit(_FAULTS if left else 0)


def demo(
    images: Annotated[Path | None, typer.Option(help="A folder of your own pictures.")] = None,
) -> None:
    """Route example pictures through the running app.

    Example: signpost demo --images my-photos/
    """
    from training.data.demo_pictures import demo_pictures

    with step("Finding pictures"):
        pictures = demo_pictures(STATE / "pictures", images)
    console.print(pictures.notice)
    router = find_router(on_aws=False)
    _route(RoutingRun(router, pictures.files, None), pictures.files, as_json=False)
    console.print(
        "\nNext: [bold]signpost route PICTURE…[/] routes your own, [bold]signpost open[/] shows what is where, "
        "[bold]signpost logs[/] what the functions said, [bold]make down[/] stops everything."
    )


def _route(run: RoutingRun, files: Sequence[Path], as_json: bool) -> None:
    lines, progress = DecisionLines(files, settings(), as_json), ProgressLine(len(files))
    with on_interrupt(run.stop):
        for routed in run:
            progress.clear()
            lines.show(routed)
            progress.add()
    progress.clear()
    lines.show_summary()
    if run.stopped:
        errors.print("Stopped. To continue, run the same command with --resume.")
        raise typer.Exit(INTERRUPTED)
    if lines.failed:
        raise typer.Exit(_FAULTS)
