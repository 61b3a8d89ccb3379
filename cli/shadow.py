"""``signpost shadow``: what a shadow variant said of the same pictures."""

from __future__ import annotations

import json
from statistics import fmean
from typing import Annotated

import typer

from cli.cloud import AsJson, Aws
from cli.connection import find_deployment, settings
from cli.output import console, errors, show_pairs
from signpost.aws import clients
from signpost.aws.files import Bucket
from signpost.capture.json_lines import Lines
from signpost.capture.shadow import Comparison, compare
from signpost.errors import SettingsError
from signpost.routing.prefixes import CAPTURE
from signpost.settings.endpoint import endpoint_name
from signpost.terminal.console import Table, plain

_SHOWN = 5


def shadow(
    classifier: Annotated[str, typer.Argument(help="A classifier of signpost.toml with a shadow table.")],
    as_json: AsJson = False,
    on_aws: Aws = False,
) -> None:
    """Compare the decisions of the model in production with those of its shadow.

    Example: signpost shadow vehicle
    """
    app = settings()
    wanted = app.classifier(classifier)
    if wanted.shadow is None:
        raise SettingsError(f"classifiers.{classifier} has no shadow table in signpost.toml")
    bucket = find_deployment(on_aws)["CapturedBucket"]
    lines = Lines(Bucket(clients.client("s3", read_timeout=60), bucket))
    endpoint = endpoint_name(app.app.name, classifier, wanted.hosting, wanted.endpoint)
    found = compare(lines, f"{CAPTURE}{endpoint}/", wanted.route_of, wanted.thresholds)
    for line in found.bad[:_SHOWN]:
        errors.print(f"[yellow]skipped[/] {plain(line)}")
    if as_json:
        typer.echo(json.dumps(_figures(found) | {"changes": _changes(found)}))
    else:
        _show(found)


def _show(found: Comparison) -> None:
    show_pairs("", [(name.replace("_", " "), _text(value)) for name, value in _figures(found).items()])
    if found.changes:
        table = Table("goes to", "would go to", "pictures")
        for ours, theirs, count in _changes(found):
            table.add_row(ours, theirs, str(count))
        console.print()
        console.print(table)


def _figures(found: Comparison) -> dict[str, object]:
    return {
        "production": sorted(found.production),
        "shadow": sorted(found.shadow),
        "pictures_of_both": found.pairs,
        "same_label": found.same_label,
        "same_decision": found.same_decision,
        "mean_shift_of_confidence": round(fmean(found.shifts), 4) if found.shifts else None,
        "largest_shift_of_confidence": round(max(map(abs, found.shifts)), 4) if found.shifts else None,
        "production_only": found.only_production,
        "shadow_only": found.only_shadow,
    }


def _changes(found: Comparison) -> list[tuple[str, str, int]]:
    return [(ours, theirs, count) for (ours, theirs), count in found.changes.most_common()]


def _text(value: object) -> str:
    return ", ".join(map(str, value)) or "none yet" if isinstance(value, list) else "–" if value is None else str(value)
