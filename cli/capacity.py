"""``signpost capacity``: loads a running endpoint and works out its autoscaling target."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.cloud import Aws
from cli.connection import find_deployment, settings
from cli.output import console
from cli.settings_file import write_value
from signpost.aws import clients
from signpost.cost.capacity import Ask, Step, load, target
from signpost.errors import SettingsError
from signpost.images.limits import Limits
from signpost.images.prepare import encode_png, prepare
from signpost.model.manifest import InputSpec
from signpost.model.package import open_package
from signpost.settings.file import Hosting
from signpost.terminal.console import Table
from training.data.drawn import draw_file


def capacity(
    classifier: Annotated[str, typer.Argument(help="A classifier with hosting = realtime.")],
    picture: Annotated[
        Path | None, typer.Option(help="Picture to ask about.", show_default="a drawn one", exists=True, dir_okay=False)
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, help="Of each step.")] = 10,
    write: Annotated[bool, typer.Option("--write", help="Write the target into signpost.toml.")] = False,
    on_aws: Aws = False,
) -> None:
    """Measure how much one instance of an endpoint answers in time, and at what to scale.

    Example: signpost capacity vehicle --aws --write
    """
    chosen = settings().classifier(classifier)
    if chosen.hosting is not Hosting.REALTIME or chosen.model is None:
        raise SettingsError(f"{classifier} has no instances of its own: its hosting is {chosen.hosting}, not realtime")
    deployment = find_deployment(on_aws)
    endpoint = deployment.endpoint_of(classifier)
    [variant] = clients.client("sagemaker").describe_endpoint(EndpointName=endpoint)["ProductionVariants"]
    instances = variant["CurrentInstanceCount"]
    console.print(f"Loading {endpoint}, {instances} × {chosen.endpoint.instance_type}", markup=False)
    prepared = _prepared(picture, open_package(chosen.model).manifest.input)
    table, steps = Table("callers", "a second", "p50 ms", "p99 ms", "errors"), list[Step]()
    for step in load(lambda: _caller(endpoint, prepared), seconds):
        steps.append(step)
        latencies = (f"{1000 * step.p50:.1f}", f"{1000 * step.p99:.1f}")
        table.add_row(str(step.concurrency), f"{step.rate:,.0f}", *latencies, str(step.errors))
    console.print(table)
    found = target(steps, instances)
    console.print(f"invocations_per_instance = {found}")
    if not on_aws:
        console.print("The local cloud shares this machine with the callers: it says nothing about an instance.")
    if write:
        write_value(classifier, "endpoint", "invocations_per_instance", found)
        console.print("Written into signpost.toml; deploy to scale by it.")


def _prepared(picture: Path | None, size: InputSpec) -> bytes:
    """Make what Classify sends: Serialize has brought every picture to the network's size."""
    content = picture.read_bytes() if picture else draw_file("bicycle", 0, 0)[1]
    return encode_png(prepare(content, size.width, size.height, Limits()))


def _caller(endpoint: str, prepared: bytes) -> Ask:
    runtime: Any = clients.client("sagemaker-runtime", attempts=1)

    def ask() -> None:
        runtime.invoke_endpoint(EndpointName=endpoint, Body=prepared, ContentType="image/png")["Body"].read()

    return ask
