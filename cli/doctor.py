"""``signpost doctor``: what would stop ``signpost up`` or ``cdk deploy``, before they are started."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated

import typer

from cli.connection import ROOT, STATE, settings
from cli.output import console
from localcloud import process
from signpost.aws import clients
from signpost.aws.doctor.account import account_checks, identity_checks
from signpost.aws.doctor.findings import Check, Finding, Status, run
from signpost.aws.doctor.machine import machine_checks
from signpost.errors import DeploymentError
from signpost.terminal.console import plain, plain_message

_COLOURS = {Status.OK: "green", Status.WARNING: "yellow", Status.FAILURE: "red"}


def doctor(
    on_aws: Annotated[bool, typer.Option("--aws", help="Check your AWS account too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Check this machine, the settings and, with --aws, the account; exit code 1 if something would fail.

    Example: signpost doctor --aws
    """
    failed = False
    for finding in _findings(on_aws):
        failed |= finding.status is Status.FAILURE
        if as_json:
            typer.echo(json.dumps(asdict(finding)))
        else:
            show(finding)
    raise typer.Exit(1 if failed else 0)


def show(finding: Finding) -> None:
    """Print a finding in one line."""
    status = f"[{_COLOURS[finding.status]}]{finding.status:<7}[/]"
    advice = f" [bold]{plain(finding.advice)}[/]" if finding.advice else ""
    console.print(f"{status}  {plain(finding.check)}: {plain_message(finding.message)}{advice and '.' + advice}")


def _findings(on_aws: bool) -> Iterator[Finding]:
    yield from run(local_checks())
    if on_aws:
        identity = list(run(identity_checks(clients.client)))
        yield from identity
        if all(finding.status is not Status.FAILURE for finding in identity):
            yield from run(account_checks(settings(), clients.client))


def local_checks() -> dict[str, Check]:
    """Return the checks of this machine; the port is not checked while the local cloud has it."""
    checks = machine_checks(ROOT, STATE, process.DEFAULT_PORT)
    if process.status(STATE):
        del checks["port"]
    return checks


def check_machine() -> None:
    """Print what would make ``signpost up`` fail, and nothing else.

    Raises
    ------
    DeploymentError
        If there is anything.
    """
    failures = [finding for finding in run(local_checks()) if finding.status is Status.FAILURE]
    for finding in failures:
        show(finding)
    if failures:
        raise DeploymentError("nothing was started: `signpost doctor` shows every check")
