"""The images can be built in the account: from the same files, by a project that may do nothing else."""

import json
import re
from pathlib import Path

from stacks.stage import aws_stage
from tests.infrastructure.iam import readable, statements_of_roles
from tests.infrastructure.synthesis import ROOT, Synthesis, Template, committed_settings, synthesise


def test_each_image_that_a_classifier_needs_has_a_project_and_a_repository(on_aws: Synthesis, tmp_path: Path) -> None:
    assert set(_projects(on_aws)) == {"signpost-image-server", "signpost-image-training"}
    assert len(on_aws.resources("AWS::ECR::Repository")) == 2
    # GIVEN classifiers of which none has an endpoint and none is trained
    settings = committed_settings(tmp_path)
    plain = {"dog-breed": settings.classifiers["dog-breed"].model_copy(update={"training": None})}
    app = settings.app.model_copy(update={"default_classifier": "dog-breed"})
    found = synthesise(settings.model_copy(update={"classifiers": plain, "app": app}), aws_stage(), tmp_path / "out")
    assert set(found.image.get("Resources", {})) <= {"CDKMetadata"}


def test_a_laptop_builds_none(on_laptop: Synthesis) -> None:
    assert not on_laptop.resources("AWS::CodeBuild::Project")


def test_what_is_built_in_the_cloud_is_what_docker_would_build_here(on_aws: Synthesis) -> None:
    staged = _staged(on_aws, "image", "files")
    with_docker = _staged(on_aws, "routing", "dockerImages") + _staged(on_aws, "training", "dockerImages")
    assert len(staged) == 2
    for folder in with_docker:
        assert _contents(folder) in [_contents(other) for other in staged]


def test_an_image_is_never_overwritten_and_is_scanned(on_aws: Synthesis) -> None:
    for repository in on_aws.resources("AWS::ECR::Repository").values():
        assert repository["Properties"]["ImageTagMutability"] == "IMMUTABLE"
        assert repository["Properties"]["ImageScanningConfiguration"] == {"ScanOnPush": True}
        assert repository["DeletionPolicy"] == "RetainExceptOnCreate"


def test_a_build_pushes_to_its_own_repository_under_the_hash_of_what_it_was_made_from(on_aws: Synthesis) -> None:
    for name, project in _projects(on_aws).items():
        kind = name.rpartition("-")[2]
        variables = {v["Name"]: readable(v["Value"]) for v in project["Environment"]["EnvironmentVariables"]}
        assert f"{kind.title()}Repository" in variables["REPOSITORY"]
        assert readable(project["Source"]["Location"]).endswith("-assets-<AWS::AccountId>-<AWS::Region>/<asset>.zip")
        assert len(variables["TAG"]) == 64
        assert f"/{variables['TAG']}.zip" in str(project["Source"]["Location"])
        build = json.loads(project["Source"]["BuildSpec"])["phases"]["build"]["commands"]
        assert [command.split()[:2] for command in build] == [["docker", "build"], ["docker", "push"]]
        assert variables["SOURCE_DATE_EPOCH"] == "0"
        # What SageMaker refuses: OCI's media types, and an index that lists attestations.
        assert {"--provenance=false", "--sbom=false", "type=docker,oci-mediatypes=false"} <= set(build[0].split())
        pushed = [s for s in statements_of_roles(on_aws)[f"{kind.title()}Role"] if "ecr:PutImage" in s["Action"]]
        assert [s["Resource"] for s in pushed] == [[f"<{kind.title()}Repository.Arn>"]]


def test_an_image_that_docker_builds_here_has_the_media_types_that_sagemaker_accepts(on_aws: Synthesis) -> None:
    for stack in ("routing", "training"):
        (manifest,) = on_aws.files[0].parent.glob(f"{stack}.assets.json")
        for image in json.loads(manifest.read_text())["dockerImages"].values():
            assert image["source"]["dockerOutputs"] == ["type=docker,oci-mediatypes=false"]


def test_every_image_starts_from_one_digest() -> None:
    for folder in ("serving", "training"):
        lines = (ROOT / folder / "Dockerfile").read_text().splitlines()
        (base,) = (line for line in lines if line.startswith("ARG BASE="))
        assert re.fullmatch(r"ARG BASE=docker\.io/library/python:[\w.-]+@sha256:[0-9a-f]{64}", base)
        assert {line.split()[1] for line in lines if line.startswith("FROM ")} == {"${BASE}"}


def _projects(synthesis: Synthesis) -> dict[str, Template]:
    found = [p["Properties"] for p in synthesis.resources("AWS::CodeBuild::Project").values()]
    return {project["Name"]: project for project in found}


def _staged(synthesis: Synthesis, stack: str, kind: str) -> list[Path]:
    (template,) = (file for file in synthesis.files if file.name == f"{stack}.template.json")
    assets = json.loads(template.with_name(f"{stack}.assets.json").read_text())[kind].values()
    sources = [asset["source"] for asset in assets]
    paths = [source.get("directory") or source["path"] for source in sources]
    return [folder for path in paths if (folder := template.parent / path).is_dir()]


def _contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".dockerignore")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}
