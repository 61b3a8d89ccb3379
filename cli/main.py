"""The ``signpost`` command."""

from __future__ import annotations

import sys

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.markup import escape

from cli import capacity, capture, cloud, cost, data, image, models, registry, review, routing, serving, shadow, train
from cli.output import errors
from signpost.errors import SignpostError

app = typer.Typer(
    name="signpost",
    help="Looks at a picture and says where it goes.",
    epilog="Exit codes: 0 done · 1 an error, said on stderr · 2 wrong usage · 3 some pictures ended as faults.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
for command in (
    cloud.up,
    cloud.down,
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
    """Run the command; an error that was raised on purpose becomes one clear message and exit code 1."""
    try:
        app()
    except (SignpostError, ClientError, BotoCoreError) as error:
        errors.print("[red]error:[/]", escape(str(error)))
        sys.exit(1)


if __name__ == "__main__":
    main()
