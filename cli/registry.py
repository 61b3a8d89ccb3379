"""``signpost model``: trained models in the registry."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from cli.cloud import AsJson, Aws
from cli.connection import ROOT, find_deployment, settings
from cli.output import console
from signpost.aws import clients
from signpost.aws.quiet import quiet_libraries
from signpost.errors import SettingsError
from signpost.model import registry
from signpost.terminal.console import Table, plain

app = typer.Typer(help="Trained models in the registry: list, approve, reject, pull.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="A classifier of signpost.toml with a training table.")]
Version = Annotated[str | None, typer.Option(help="Version of the model; by default the newest that waits.")]
Why = Annotated[str, typer.Option(help="Kept in the registry beside the decision.")]


@app.command(name="list")
def list_(classifier: Name, as_json: AsJson = False, on_aws: Aws = False) -> None:
    """List what was registered, the newest first.

    Example: signpost model list vehicle
    """
    found = _registered(classifier, on_aws)
    if as_json:
        for model in found:
            typer.echo(json.dumps(asdict(model), default=str))
        return
    table = Table("version", "status", "registered", "accuracy", "calibration error", "made by")
    for model in found:
        figures = (model.figures.get(name, "") for name in ("accuracy", "ece"))
        origin = "Signpost" if model.made_by_signpost else "another program"
        created = f"{model.created:%Y-%m-%d %H:%M}"
        table.add_row(plain(model.version), model.status, created, *map(plain, figures), origin)
    console.print(table if found else "Nothing was registered yet.")


@app.command()
def approve(classifier: Name, version: Version = None, why: Why = "", on_aws: Aws = False) -> None:
    """Approve a model that waits: its training machine then ships it.

    Example: signpost model approve vehicle
    """
    _decide(classifier, version, "Approved", why or "Approved by `signpost model approve`.", on_aws)


@app.command()
def reject(classifier: Name, version: Version = None, why: Why = "", on_aws: Aws = False) -> None:
    """Reject a model that waits: its training machine then ends.

    Example: signpost model reject vehicle --why "too few night pictures"
    """
    _decide(classifier, version, "Rejected", why or "Rejected by `signpost model reject`.", on_aws)


@app.command()
def pull(classifier: Name, on_aws: Aws = False) -> None:
    """Bring the newest approved model into models/, so that the next deployment ships the same.

    Example: signpost model pull vehicle
    """
    found = registry.newest(_registered(classifier, on_aws), "Approved")
    folder = settings().classifiers[classifier].model or ROOT / "models" / classifier
    with quiet_libraries():
        manifest = registry.pull(clients.file_client(read_timeout=60), found, folder)
    console.print(f"{plain(folder)} is now {plain(manifest.name)} {plain(manifest.version)}.")


def _registered(classifier: str, on_aws: bool) -> list[registry.Registered]:
    trained = settings().trained
    if classifier not in trained:
        raise SettingsError(f"{classifier} has no training table; allowed are {', '.join(trained) or 'none yet'}")
    group = find_deployment(on_aws)[f"{classifier.title().replace('-', '')}ModelPackages"]
    return registry.registered(clients.client("sagemaker"), group)


def _decide(classifier: str, version: str | None, status: str, why: str, on_aws: bool) -> None:
    found = [m for m in _registered(classifier, on_aws) if version in (None, m.version)]
    model = registry.newest(found, "PendingManualApproval")
    registry.decide(clients.client("sagemaker"), model, status, why)
    console.print(f"{model.version} is {status.lower()}.", markup=False)
