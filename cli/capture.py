"""``signpost capture``: what endpoints were asked and answered."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from cli.cloud import AsJson, Aws
from cli.connection import find_deployment, settings
from cli.output import console, errors
from cli.sources import open_source
from signpost.aws import clients
from signpost.aws.files import Bucket, Folder
from signpost.capture.corrected_images import CorrectedSources
from signpost.capture.corrected_set import write_corrected_set
from signpost.capture.endpoints import classifier_of, labels_of
from signpost.capture.json_lines import Line
from signpost.capture.originals import originals
from signpost.capture.records import CapturedRecord
from signpost.capture.summary import Listed, describe, named_picture, read_captured_lines
from signpost.errors import PictureError, SignpostError
from signpost.terminal.console import Table, plain

app = typer.Typer(help="Captured requests and answers of endpoints: list, show, export.", no_args_is_help=True)
From = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="FOLDER|s3://…", help="Where the records are.", show_default="the deployed app's bucket"
    ),
]
Labels = Annotated[
    str | None,
    typer.Option(
        help="Names of an endpoint's bare probabilities, in order, with commas between them.",
        show_default="those of the endpoint's classifier, or of the default one",
    ),
]
_SHOWN = 5


@app.command(name="list")
def list_(source: From = None, labels: Labels = None, as_json: AsJson = False, on_aws: Aws = False) -> None:
    """List every captured record, and what can't be read.

    Example: signpost capture list --from captured-data --json
    """
    table = Table("time", "id", "endpoint", "picture", "label", "confidence")
    read, bad = 0, 0
    for _, listed in _records(source, labels, on_aws):
        read, bad = read + (listed.error is None), bad + (listed.images if listed.error else 0)
        if as_json:
            typer.echo(listed.model_dump_json())
        elif listed.error is None:
            table.add_row(*_row(listed))
        elif bad <= _SHOWN:
            errors.print(f"[yellow]can't be read[/] {plain(_fault(listed))}")
    if not as_json:
        console.print(table)
    errors.print(f"{read:,} records, {bad:,} that can't be read")


@app.command()
def show(
    record: Annotated[str, typer.Argument(metavar="ID", help="An event id, or an inference id (the decision's id).")],
    source: From = None,
    labels: Labels = None,
    as_json: AsJson = False,
    on_aws: Aws = False,
) -> None:
    """Show all records of an id.

    Example: signpost capture show 3075fb09-1032-45e4-86dd-8ab7485aef1b
    """
    found = False
    for _, listed in _records(source, labels, on_aws):
        if record in (listed.event_id, listed.inference_id):
            found = True
            typer.echo(listed.model_dump_json(indent=None if as_json else 2))
    if not found:
        raise SignpostError(f"no captured record has the id {record}")


@app.command()
def export(
    to: Annotated[Path, typer.Option(help="Folder for the pictures; it is made where it is missing.", file_okay=False)],
    source: From = None,
    labels: Labels = None,
    corrected: Annotated[
        bool, typer.Option("--corrected", help="Only what people reviewed, in a folder for each label: to train on.")
    ] = False,
    classifier: Annotated[str | None, typer.Option(help="With --corrected: only decisions of this classifier.")] = None,
    as_json: AsJson = False,
    on_aws: Aws = False,
) -> None:
    """Write the pictures as they were sent, named by the decision's id.

    Example: signpost capture export --from captured-data --to pictures

    Example: signpost capture export --corrected --classifier vehicle --to new
    """
    if corrected:
        _export_corrected(to, source, classifier, as_json, on_aws)
        return
    written, bad = 0, 0
    to.mkdir(parents=True, exist_ok=True)
    for line, listed in _records(source, labels, on_aws):
        path = _write(to, line.content) if line.content else None
        written, bad = written + (path is not None), bad + (path is None)
        if as_json:
            typer.echo(json.dumps(listed.model_dump(mode="json") | {"picture": path and str(path)}))
        elif path is None:
            errors.print(f"[yellow]no picture[/] {plain(_fault(listed))}")
    errors.print(f"{written:,} pictures in {plain(to)}, {bad:,} records without one")


def _export_corrected(to: Path, source: str | None, classifier: str | None, as_json: bool, on_aws: bool) -> None:
    found = write_corrected_set(_corrected_sources(source, classifier, on_aws), Folder(to))
    if as_json:
        typer.echo(json.dumps(vars(found)))
        return
    for line in found.skipped[:_SHOWN]:
        errors.print(f"[yellow]skipped[/] {plain(line)}")
    train = f"signpost train {classifier or 'CLASSIFIER'} --captured {shlex.quote(str(to))}"
    errors.print(f"{plain(to)}: {found.summary()}\nNext: [bold]{plain(train)}[/]")


def _corrected_sources(source: str | None, classifier: str | None, on_aws: bool) -> CorrectedSources:
    app_settings = settings()
    if classifier:
        app_settings.classifier(classifier)  # refuses a name that is not in the settings
    files, prefix = open_source(source, on_aws)

    def is_wanted(endpoint: str) -> bool:
        return classifier is None or classifier_of(app_settings, endpoint) == classifier

    if source is not None:
        return CorrectedSources(files, prefix, is_wanted)
    client = clients.client("s3", read_timeout=60)
    decisions = Bucket(client, find_deployment(on_aws)["DecisionsBucket"])
    uploads = originals(client, app_settings.limits.as_limits())
    return CorrectedSources(files, prefix, is_wanted, decisions, uploads, classifier)


def _split(labels: str | None) -> list[str] | None:
    return [name.strip() for name in labels.split(",")] if labels else None


def _records(source: str | None, labels: str | None, on_aws: bool) -> Iterator[tuple[Line[CapturedRecord], Listed]]:
    app_settings = settings()
    files, prefix = open_source(source, on_aws)
    names = labels_of(app_settings, _split(labels))
    skipped = 0
    for line in read_captured_lines(files, prefix):
        if line.number:
            listed = describe(line, names, app_settings.limits.as_limits())
            listed.classifier = classifier_of(app_settings, listed.endpoint)
            yield line, listed
        else:
            skipped += 1
            errors.print(f"[yellow]skipped[/] {plain(f'{line.place}: {line.fault}')}")
    if skipped:
        errors.print(f"{skipped:,} files skipped")


def _write(folder: Path, record: CapturedRecord) -> Path | None:
    try:
        name, content = named_picture(record)
    except (ValueError, PictureError):
        return None
    (folder / name).write_bytes(content)
    return folder / name


def _row(listed: Listed) -> list[str]:
    when = listed.time.strftime("%Y-%m-%d %H:%M:%S") if listed.time else ""
    name = listed.inference_id or listed.event_id or ""
    size = f"{listed.width} × {listed.height}"
    endpoint = listed.endpoint if listed.classifier else f"{listed.endpoint} (not made by Signpost)".strip()
    return [when, plain(name), plain(endpoint), size, plain(listed.label or ""), f"{listed.confidence:.1%}"]


def _fault(listed: Listed) -> str:
    return f"{listed.file}, line {listed.line}: {listed.error}"
