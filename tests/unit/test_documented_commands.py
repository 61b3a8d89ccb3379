"""Commands of the documents that no test runs have options, targets and files that are there."""

import shlex
import subprocess
from typing import Any

import botocore.session
import pytest
import typer

from cli.main import app
from tests.conftest import ROOT
from tests.documented_commands import NOT_RUN, documented_commands

COMMANDS = documented_commands()
PARTS = sorted({part for command in COMMANDS if command.why_not_run for part in command.parts})


def test_every_reason_belongs_to_a_command() -> None:
    assert [start for start in NOT_RUN if not any(command.text.startswith(start) for command in COMMANDS)] == []


@pytest.mark.parametrize("part", PARTS)
def test_a_command_that_no_test_runs_has_what_it_names(part: str) -> None:
    program, *arguments = shlex.split(part)
    CHECKS[program](arguments)


def _check_signpost(arguments: list[str]) -> None:
    command: Any = typer.main.get_command(app)
    context = command.make_context("signpost", arguments)
    while hasattr(command, "resolve_command"):
        name, command, arguments = command.resolve_command(context, [*context._protected_args, *context.args])
        # Fails on an option that is not there.
        context = command.make_context(name, arguments, parent=context)


def _check_make(arguments: list[str]) -> None:
    subprocess.run(["make", "--dry-run", *arguments], cwd=ROOT, check=True, capture_output=True)


def _check_docker(arguments: list[str]) -> None:
    if "-f" in arguments:
        assert (ROOT / arguments[arguments.index("-f") + 1]).is_file()


def _check_aws(arguments: list[str]) -> None:
    service, operation, *options = arguments
    model = botocore.session.get_session().get_service_model(service)
    shape: Any = model.operation_model(operation.title().replace("-", "")).input_shape
    named = {option.removeprefix("--").replace("-", "") for option in options if option.startswith("--")}
    assert named <= {member.lower() for member in shape.members}


def _check_npx(arguments: list[str]) -> None:
    assert arguments[:2] in (["cdk", "bootstrap"], ["cdk", "deploy"])


def _check_nothing(_: list[str]) -> None:
    """Programs of others, whose arguments are not ours."""


CHECKS = {
    "signpost": _check_signpost,
    "make": _check_make,
    "docker": _check_docker,
    "aws": _check_aws,
    "npx": _check_npx,
    "npm": _check_nothing,
    "git": _check_nothing,
    "curl": _check_nothing,
    "source": _check_nothing,
}
