"""Synthesises the app's stacks in this process, as `app.py` does, for any settings and stage."""

import hashlib
import json
import shutil
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks

from signpost.model.known_pictures import FOLDER
from signpost.settings.file import Hosting, Settings
from stacks.api import ApiStack
from stacks.constructs.replaced_policies import ReplacedPolicies
from stacks.constructs.trust import SourceAccount
from stacks.image import ImageStack
from stacks.review import ReviewStack
from stacks.routing import RoutingStack
from stacks.stage import Stage
from stacks.storage import StorageStack
from stacks.training import TrainingStack

ROOT = Path(__file__).resolve().parents[2]
Template = dict[str, Any]
# As long as the name of a state leaves room for.
MANY_LABELS = [f"breed number {index:03} with quite a long description in words" for index in range(120)]


@dataclass(frozen=True)
class Synthesis:
    """What CloudFormation would get, and what the rules found."""

    storage: Template
    routing: Template
    training: Template
    api: Template
    files: list[Path]
    report: dict[str, Any]
    review: Template = field(default_factory=lambda: {"Resources": {}})
    inference: Template = field(default_factory=lambda: {"Resources": {}})  # deployed up to release 0.1.0
    image: Template = field(default_factory=lambda: {"Resources": {}})  # none on a laptop

    @property
    def templates(self) -> dict[str, Template]:
        named = (("storage", self.storage), ("routing", self.routing))
        return {**dict(named), "training": self.training, "api": self.api, "review": self.review, "image": self.image}

    def resources(self, kind: str) -> dict[str, Template]:
        """Every resource of a type, in all stacks."""
        return {
            name: resource
            for template in self.templates.values()
            for name, resource in template["Resources"].items()
            if resource["Type"] == kind
        }


def synthesise(settings: Settings, stage: Stage, folder: Path) -> Synthesis:
    """Synthesise all stacks; findings are in the report, not raised."""
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    app = cdk.App(context=context, outdir=str(folder))
    common = {"settings": settings, "stage": stage, "synthesizer": None}
    storage = StorageStack(app, "storage", **common)
    routing = RoutingStack(app, "routing", storage=storage, **common)
    api = ApiStack(app, "api", storage=storage, routing=routing, **common)
    if settings.review.deployed:
        ReviewStack(app, "review", storage=storage, api=api, **common)
    TrainingStack(app, "training", storage=storage, routing=routing, **common)
    if stage.model_image is None:
        ImageStack(app, "image", settings=settings, stage=stage)
    cdk.Aspects.of(app).add(ReplacedPolicies())
    cdk.Aspects.of(app).add(SourceAccount())
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app, verbose=True))
    try:
        app.synth()
    except RuntimeError as error:
        if "ValidationFailed" not in str(error) and "Validation failed" not in str(error):
            raise
    return read(folder)


def read(folder: Path) -> Synthesis:
    """Read a cloud assembly of the stacks."""
    files = sorted(folder.glob("*.template.json"))
    by_name = {file.name.split(".")[0].rpartition("-")[2]: json.loads(file.read_text()) for file in files}
    report = json.loads((folder / "validation-report.json").read_text())
    with_resources = {name: {"Resources": {}} | template for name, template in by_name.items()}
    return Synthesis(**with_resources, files=files, report=report)


def committed_settings(models: Path) -> Settings:
    """Read `signpost.toml`, with the review page deployed and a stand-in for each model, written to a folder."""
    data = tomllib.loads((ROOT / "signpost.toml").read_text())
    data["review"]["deployed"] = True
    for name, table in data["classifiers"].items():
        if "model" in table:
            labels = [label for route in table["routes"].values() for label in route["labels"]]
            known = ROOT / table["model"] / FOLDER
            table["model"] = write_package(models / name, labels)
            if known.is_dir():
                shutil.copytree(known, table["model"] / FOLDER)
    return Settings.model_validate(data)


def settings_of_every_hosting(package: Path, many: Path) -> Settings:
    """One classifier for each way of hosting, the one with instances with enough for a canary; an API by token.

    That in Lambda has very many labels, and some functions have sizes of their own.
    """
    sizes = {"min_instances": 2, "max_instances": 5, "capture_percent": 20, "capture": ["output"]}
    classifiers = {
        hosting.value: {
            "model": package,
            "hosting": hosting,
            "routes": {"here": {"labels": ["bicycle"]}, "there": {"labels": ["motorcycle"]}},
            "endpoint": {"max_instances": 5} if hosting is Hosting.COMPONENTS else sizes,
            "training": {"archives": ["pictures.tar.gz"]},
        }
        for hosting in Hosting
        if hosting is not Hosting.OFF
    }
    classifiers["lambda"] |= {
        "model": many,
        "routes": {"here": {"labels": MANY_LABELS[1:]}, "there": {"labels": MANY_LABELS[:1]}},
    }
    api = {"authorisation": "cognito", "cors_origins": ["https://example.com"], "requests_per_day": 1000}
    sizes = {
        "memory_mb": 1769,
        "reserved_concurrency": 50,
        "provisioned_concurrency": 5,
        "max_provisioned_concurrency": 20,
    }
    functions = {"uploads_at_once": 5, "serialize": sizes, "api": sizes}
    tables = {"app": {"default_classifier": "realtime"}, "api": api, "functions": functions}
    return Settings.model_validate({**tables, "classifiers": classifiers})


def write_package(folder: Path, labels: Sequence[str] = ("bicycle", "motorcycle")) -> Path:
    """Write the smallest folder that passes for a model package."""
    folder.mkdir()
    model = b"not a model, but nobody loads it here"
    (folder / "model.tflite").write_bytes(model)
    manifest = {
        "name": "stand-in",
        "version": "1",
        "labels": list(labels),
        "input": {"width": 32, "height": 32},
        "temperature": 1,
        "thresholds": dict.fromkeys(labels, 0.5),
        "quantisation": "int8",
        "metrics": {},
        "data": {},
        "git_revision": "0000000",
        "versions": {},
        "created": "2026-01-01T00:00:00Z",
        "files": {"model.tflite": hashlib.sha256(model).hexdigest()},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder
