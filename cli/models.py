"""Commands that use a model package without any cloud."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cli.cloud import AsJson
from cli.connection import ROOT
from cli.evaluation import show_figures
from cli.files import files_in
from cli.output import console
from signpost.aws.quiet import quiet_libraries
from signpost.errors import PictureError
from signpost.images.limits import Limits
from signpost.images.prepare import prepare
from signpost.model.package import open_package
from signpost.model.predictor import Predictor
from signpost.routing.decision import doubt
from signpost.terminal.console import plain
from signpost.terminal.printable import printable

Model = Annotated[
    Path, typer.Option("--model", help="A model package: its folder, or model.tar.gz.", show_default="models/vehicle")
]


def predict(
    paths: Annotated[list[Path], typer.Argument(help="Pictures, or folders of pictures.")],
    model: Model = ROOT / "models" / "vehicle",
    as_json: AsJson = False,
) -> None:
    """Say what a model sees in pictures, with no cloud at all.

    Example: signpost predict photo.jpg --model models/vehicle --json
    """
    with quiet_libraries():
        predictor = Predictor(open_package(model))
    size, rejected = predictor.manifest.input, 0
    for path in files_in(paths):
        try:
            image = prepare(path.read_bytes(), size.width, size.height, Limits())
        except PictureError as error:
            rejected += 1
            answer = {"source": str(path), "reason": {"code": error.code, "message": error.message}}
            text = f"{printable(str(path))}: {error.message}"
        else:
            [prediction] = predictor.predict([image])
            reason = doubt(prediction, prediction.threshold)
            answer = {
                **prediction.model_dump(mode="json"),
                "reason": reason and reason.model_dump(),
                "source": str(path),
            }
            text = f"{printable(str(path))}: {prediction.label} {prediction.confidence:.1%}" + (
                f" – {reason.message}" if reason else ""
            )
        typer.echo(json.dumps(answer) if as_json else text)
    raise typer.Exit(3 if rejected else 0)


def evaluate(
    data: Annotated[Path, typer.Option(help="A folder or archive with one subfolder per label, or a CIFAR archive.")],
    model: Model = ROOT / "models" / "vehicle",
    as_json: AsJson = False,
) -> None:
    """Measure a model on labelled pictures.

    Example: signpost evaluate --data photos.tar.gz --json
    """
    from training.evaluate import evaluate as measure

    with quiet_libraries():
        result = measure(open_package(model), data)
    if as_json:
        typer.echo(json.dumps(result))
        return
    for name in result["skipped"]:
        console.print("[yellow]skipped[/]", plain(name))
    show_figures(result)
