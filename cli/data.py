"""Commands about the pictures that a classifier learns from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.cloud import AsJson, Aws
from cli.connection import connect
from cli.output import console, errors, show_pairs
from signpost.aws import clients
from signpost.errors import DatasetError
from signpost.terminal.console import Table, plain

if TYPE_CHECKING:
    from training.data.inspection import Inspection

app = typer.Typer(help="Datasets: list, fetch, look over.", no_args_is_help=True)
_SHOWN = 20


@app.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """List the datasets that can be fetched, and which are here already.

    Example: signpost data list
    """
    from training.data.catalogue import CATALOGUE, OTHERS, begun, cached

    table = Table("name", "what", "size", "here", "terms")
    for known in CATALOGUE:
        archive = cached(known)
        if as_json:
            typer.echo(json.dumps(vars(known) | {"here": archive and str(archive), "begun_bytes": begun(known)}))
            continue
        part = f"begun, {_mb(begun(known))}" if begun(known) else "no"
        table.add_row(known.name, known.kind, _mb(known.size), str(archive or part), known.terms)
    if not as_json:
        console.print(table)
        console.print(f"\n{OTHERS}\nNext: [bold]signpost data fetch NAME[/], [bold]signpost data inspect SOURCE[/].")


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(help="Name of a dataset, see `signpost data list`.")],
    to: Annotated[Path | None, typer.Option(help="Folder for the archive; by default ~/.cache/signpost.")] = None,
) -> None:
    """Download a dataset's official archive; what broke off goes on.

    Example: signpost data fetch cifar-100
    """
    from training.data.catalogue import fetch as get
    from training.data.catalogue import find

    archive = get(name, errors, to)
    known = find(name)
    show_pairs("", [("archive", str(archive)), ("terms", known.terms), ("cite", known.citation)])


@app.command()
def inspect(
    source: Annotated[str, typer.Argument(help="Folder, archive, name of a fetched dataset, or s3://BUCKET/PREFIX.")],
    labels: Annotated[str | None, typer.Option(help="Only these classes, with commas between them.")] = None,
    width: Annotated[int, typer.Option(min=1, help="Width that pictures are compared at.")] = 32,
    height: Annotated[int, typer.Option(min=1, help="Height that pictures are compared at.")] = 32,
    as_json: AsJson = False,
    on_aws: Aws = False,
) -> None:
    """Say what a source holds, what a training run would leave out, and what would stop it (then exit code 1).

    Example: signpost data inspect photos.zip --labels bicycle,motorcycle
    """
    from training.data.inspection import inspect as look

    names = [name.strip() for name in labels.split(",")] if labels else None
    with console.status("Reading pictures") as status:
        if source.startswith("s3://"):
            found = _captured(source, (width, height), names, on_aws)
        else:
            found = look(_find(source), names, (width, height), lambda line: status.update(plain(line)))
    if as_json:
        typer.echo(json.dumps(found.as_json()))
    else:
        _show(found)
    raise typer.Exit(1 if found.faults else 0)


def _find(source: str) -> Path:
    """Find a folder or archive by its path, or a fetched one by its dataset's name."""
    from training.data.catalogue import CATALOGUE, cached

    known = next((known for known in CATALOGUE if known.name == source), None)
    if Path(source).exists() or known is None:
        return Path(source)
    if (archive := cached(known)) is None:
        raise DatasetError(f"{source} is not here: get it by `signpost data fetch {source}`")
    return archive


def _captured(source: str, size: tuple[int, int], labels: list[str] | None, on_aws: bool) -> Inspection:
    from training.data.corrected import read_captured, without_empty_outliers
    from training.data.inspection import inspect_dataset

    connect(on_aws)
    dataset = read_captured(clients.client("s3"), source, *size, labels, lambda line: errors.print(plain(line)))
    return inspect_dataset(without_empty_outliers(dataset))


def _show(found: Inspection) -> None:
    counts = found.dataset.counts()
    table = Table("class", *counts)
    for label in found.dataset.classes:
        table.add_row(plain(label), *(f"{counts[part][label]:,}" for part in counts))
    table.add_row("[bold]all[/]", *(f"[bold]{sum(part.values()):,}[/]" for part in counts.values()))
    console.print(table)
    console.print()
    show_pairs("", list(_facts(found)))
    for entry in found.dataset.skipped[:_SHOWN]:
        console.print(f"[yellow]left out[/] {plain(entry)}")
    if len(found.dataset.skipped) > _SHOWN:
        console.print(f"… and {len(found.dataset.skipped) - _SHOWN:,} more files; --json names them all")
    for line in found.findings.lines():
        console.print(f"[yellow]found:[/] {plain(line)}")
    for fault in found.faults:
        console.print(f"[red]stops a run:[/] {plain(fault)}")


def _facts(found: Inspection) -> list[tuple[str, str]]:
    files, findings = found.files, found.findings
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in files.kinds.most_common())
    facts = [("files", kinds or "pixels of 32 × 32, no files")]
    if files.widths:
        facts.append(("sizes", f"{_range(files.widths)} wide, {_range(files.heights)} high"))
    facts += [
        ("left out", f"{len(found.dataset.skipped):,} files"),
        ("contradictions", f"{len(findings.contradictions):,} pictures under several labels"),
        ("duplicates", f"{len(findings.duplicates):,} copies within a part"),
        ("leaks", f"{len(findings.leaks):,} training copies of held-out pictures"),
    ]
    if found.alike is not None:
        facts.append(("near copies", f"{found.alike:,} training pictures nearly repeat a held-out one"))
    if found.official is not None:
        facts.append(("archive", "the official one" if found.official else "not the official one of this name"))
    return [*facts, ("fingerprint", found.fingerprint)]


def _range(sides: list[int]) -> str:
    ordered = sorted(sides)
    if ordered[0] == ordered[-1]:
        return f"{ordered[0]:,} pixels"
    return f"{ordered[0]:,} to {ordered[-1]:,} pixels (median {ordered[len(ordered) // 2]:,})"


def _mb(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
