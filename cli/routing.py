"""Commands that route pictures."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import typer

from cli.cloud import AsJson, Aws
from cli.connection import STATE, find_router
from cli.files import files_in
from cli.output import DecisionTable, console, step
from signpost.aws.routing_client import Router
from signpost.errors import RoutingFault
from signpost.routing.contracts import Decision
from signpost.routing.events import read_event
from signpost.terminal.console import plain

_FAULTS = 3
Result = tuple[Path, Decision | RoutingFault, float]


def route(
    paths: Annotated[list[Path], typer.Argument(help="Pictures, or folders of pictures.")],
    classifier: Annotated[str | None, typer.Option(help="Which classifier to ask; else the default one.")] = None,
    as_json: AsJson = False,
    on_aws: Aws = False,
) -> None:
    """Upload pictures, route them, and print the decisions.

    Example: signpost route photo.jpg folder/ --classifier vehicle --json
    """
    pictures = files_in(paths)
    _print(_route_all(find_router(on_aws), pictures, classifier), as_json)


def redrive(on_aws: Aws = False, as_json: AsJson = False) -> None:
    """Route again what is in the fault queue, once its cause is gone.

    Example: signpost redrive
    """
    left = done = waiting = 0
    for parked, result in find_router(on_aws).redrive():
        decision = result if isinstance(result, Decision) else None
        waits = isinstance(result, RoutingFault) and result.waits
        left, done, waiting = left + (not decision and not waits), done + bool(decision), waiting + waits
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
    results: list[Result] = []
    with step(f"Routing {len(pictures.files)} pictures") as report:
        for result in _route_all(router, pictures.files, None):
            results.append(result)
            report(f"{len(results)} done")
    _print(results, as_json=False)
    console.print(
        "\nNext: [bold]signpost route PICTURE…[/] routes your own, [bold]signpost open[/] shows what is where, "
        "[bold]signpost logs[/] what the functions said, [bold]make down[/] stops everything."
    )


def _route_all(router: Router, pictures: Iterable[Path], classifier: str | None) -> Iterator[Result]:
    def one(path: Path) -> Result:
        started = time.perf_counter()
        try:
            result: Decision | RoutingFault = router.route_file(path, classifier)
        except RoutingFault as fault:
            result = fault
        return path, result, 1000 * (time.perf_counter() - started)

    with ThreadPoolExecutor(max_workers=4) as pool:
        yield from pool.map(one, pictures)


def _print(results: Iterable[Result], as_json: bool) -> None:
    table, faults = DecisionTable(), 0
    for path, result, elapsed in results:
        faults += isinstance(result, RoutingFault)
        if not as_json:
            table.add(path, result, elapsed)
        elif isinstance(result, RoutingFault):
            typer.echo(json.dumps({"source": str(path), "fault": str(result)}), err=True)
        else:
            typer.echo(json.dumps({**result.model_dump(mode="json"), "source": str(path)}))
    if not as_json:
        table.show()
    if faults:
        raise typer.Exit(_FAULTS)
