"""The ``signpost`` command."""

from __future__ import annotations

import io
import os
import sys
from typing import Any

import typer
from botocore.exceptions import BotoCoreError, ClientError
from typer.exceptions import TyperException

from cli import (
    capacity,
    capture,
    cloud,
    cost,
    data,
    destroy,
    doctor,
    image,
    models,
    registry,
    review,
    routing,
    serving,
    shadow,
    train,
)
from cli.connection import ROOT
from cli.home import writable_home
from cli.output import errors
from signpost.aws.proxies import around_loopback
from signpost.errors import SignpostError
from signpost.terminal.console import UNBOUNDED, plain, plain_message

app = typer.Typer(
    name="signpost",
    help="Looks at a picture and says where it goes.",
    epilog="Exit codes: 0 done · 1 an error · 2 wrong usage · 3 some images were not decided · 130 stopped by Ctrl-C.",
    no_args_is_help=True,
    add_completion=False,
    # Where another program reads it, the help is not wrapped, and has no frames.
    rich_markup_mode="rich" if sys.stdout.isatty() else None,
    context_settings={"terminal_width": UNBOUNDED},
    pretty_exceptions_enable=False,
)
for command in (
    doctor.doctor,
    cloud.up,
    cloud.down,
    destroy.destroy,
    cloud.status,
    cloud.open_,
    cloud.logs,
    routing.route,
    routing.redrive,
    routing.demo,
    models.predict,
    models.evaluate,
    shadow.shadow,
    review.review,
    cost.cost,
    capacity.capacity,
    image.image,
    serving.serve,
):
    app.command(name=command.__name__.rstrip("_"))(command)

for group, name in ((data.app, "data"), (train.app, "train"), (registry.app, "model"), (capture.app, "capture")):
    app.add_typer(group, name=name)


def main() -> None:
    """Run the command; an error that was raised on purpose becomes one clear message and exit code 1 or 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a locale without é or ✓ fails no command
    os.environ |= around_loopback(os.environ) | writable_home(os.environ, ROOT / "build" / "home")
    try:
        sys.exit(app(standalone_mode=False) or 0)
    except (SignpostError, ClientError, BotoCoreError) as error:
        _print_error(str(error))
        sys.exit(1)
    except OSError as error:
        _print_error(f"{error.filename}: {error.strerror}" if error.filename else str(error))
        sys.exit(1)
    except typer.Abort:
        errors.print("Stopped; nothing was done.")
        sys.exit(1)
    except TyperException as error:
        usage: Any = getattr(error, "ctx", None)
        _print_error(error.format_message().replace("\n\t", " "))
        if usage:
            errors.print(plain(usage.get_usage()))
            errors.print(f"More: [bold]{plain(usage.command_path)} --help[/]")
        sys.exit(error.exit_code)


def _print_error(message: str) -> None:
    errors.print("[red]error:[/]", plain_message(message))


if __name__ == "__main__":
    main()
