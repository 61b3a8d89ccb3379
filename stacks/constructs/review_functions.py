"""The functions of the deployed review page: the page, and what keeps its index."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from signpost.model.package import MANIFEST, MODEL
from signpost.settings.deployed import FILE, for_functions, package_folder
from signpost.settings.file import Settings
from signpost.settings.lambda_config import ReviewConfiguration, ReviewIndexConfiguration
from stacks.constructs.bundling import ROOT, text_file
from stacks.constructs.python_function import PythonFunction
from stacks.constructs.wheels import BASE, FONTS, decoders
from stacks.stage import Stage

_PAGE = ("fastapi", "jinja2", "mangum", "pyjwt[crypto]", "python-multipart")
# As much as decodes the largest picture that the limits allow.
_MEMORY_MB = 1024
# API Gateway waits 29 seconds; the index reads for 25, and copies the file before and after.
_PAGE_SECONDS, _INDEX_SECONDS = 29, 60


class ReviewFunctions(Construct):
    """The functions, still without rights of their own.

    Parameters
    ----------
    settings : Settings
        Goes into both, with the manifests and models of its classifiers, which name what endpoints answer.
    stage : Stage
        Where they will run.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        self._settings, self._stage = settings, stage
        self._files = {path.relative_to(ROOT).as_posix(): path for path in _beside_code()} | _packages(settings)

    def index(self, configuration: ReviewIndexConfiguration) -> lambda_.Function:
        """Make what keeps the index."""
        return self._function("review_index", configuration, [], _INDEX_SECONDS)

    def page(self, configuration: ReviewConfiguration) -> lambda_.Function:
        """Make what serves the page."""
        return self._function("review", configuration, _PAGE, _PAGE_SECONDS, kept=FONTS)

    def _function(
        self,
        handler: str,
        configuration: ReviewIndexConfiguration,
        requirements: Sequence[str],
        seconds: int,
        kept: Sequence[str] = (),
    ) -> lambda_.Function:
        decoding, decoders_kept = decoders(self._settings.limits.formats)
        return PythonFunction(
            self,
            handler.title().replace("_", ""),
            stage=self._stage,
            handler=handler,
            function_name=f"{self._settings.app.name}-{handler.replace('_', '-')}",
            configuration=configuration,
            requirements=[*BASE, *decoding, *requirements],
            memory_mb=_MEMORY_MB,
            timeout=Duration.seconds(seconds),
            more=self._files,
            kept=[*kept, *decoders_kept],
        ).function


def _beside_code() -> list[Path]:
    """Find the page's templates, styles and scripts, and the index's schema."""
    return [path for path in (ROOT / "review").rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")]


def _packages(settings: Settings) -> dict[str, Path]:
    models = {name: found.model for name, found in settings.classifiers.items() if found.model}
    parts = {
        f"{package_folder(name)}/{part}": model / part for name, model in models.items() for part in (MANIFEST, MODEL)
    }
    return {FILE: text_file(for_functions(settings)), **parts}
