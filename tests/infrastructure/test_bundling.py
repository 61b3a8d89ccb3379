"""A function's zip: the right code, nothing that it never loads, and the same bytes for the same inputs."""

import hashlib
import platform
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from pydantic import BaseModel

from localcloud.lambda_functions import make_interpreter
from signpost.configuration import VARIABLE, ApiConfiguration, ClassifyConfiguration, SerializeConfiguration
from signpost.contracts import Answer
from signpost.errors import DeploymentError
from signpost.package import open_package
from signpost.settings import Hosting, LimitSettings
from stacks.constructs import bundling, wheels

HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
PLAIN = ["pydantic", "aws-lambda-powertools[tracer]"]
WITH_MODEL = [*PLAIN, "pillow", "numpy", "ai-edge-litert"]
VEHICLE = bundling.ROOT / "models" / "vehicle"
LIMITS = LimitSettings()
# ELF machine numbers, of the ELF specification.
ELF_MACHINES = {"x86_64": 62, "aarch64": 183}


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(bundling, "CACHE", tmp_path / "cache")
    return tmp_path / "cache"


def bundle_for_here(handler: str, requirements: list[str], model: Path | None = None) -> Path:
    return bundling.bundle(handler, requirements, python_version=HERE, platform=None, model=model)


@pytest.mark.usefixtures("empty_cache")
def test_the_same_inputs_give_the_same_bytes() -> None:
    first = bundle_for_here("filter", PLAIN)
    digest = hashlib.sha256(first.read_bytes()).hexdigest()
    first.unlink()
    again = bundle_for_here("filter", PLAIN)
    assert again == first
    assert hashlib.sha256(again.read_bytes()).hexdigest() == digest


def test_a_bundle_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = bundle_for_here("filter", PLAIN)
    monkeypatch.setattr(wheels, "install", lambda *_, **__: pytest.fail("it was made again"))
    assert bundle_for_here("filter", PLAIN) == made


def test_only_the_modules_that_a_function_imports_travel_with_it() -> None:
    names = {str(file.relative_to(bundling.ROOT)) for file in bundling.sources("filter")}
    assert "lambdas/filter/handler.py" in names
    assert "signpost/decision.py" in names
    assert "signpost/contracts.py" in names  # imported by decision
    assert not {name for name in names if "serialize" in name or "classify" in name}
    assert not {"signpost/imaging.py", "signpost/predictor.py", "signpost/metrics.py"} & names


def test_what_the_runtime_has_and_what_nobody_loads_stays_out() -> None:
    names = zipfile.ZipFile(bundle_for_here("classify", WITH_MODEL, VEHICLE)).namelist()
    top = {name.split("/")[0] for name in names}
    assert {"lambdas", "model", "signpost", "pydantic", "ai_edge_litert", "numpy", "PIL"} <= top
    assert not {"boto3", "botocore", "google", "tqdm", "bin"} & top
    assert not [name for name in names if "/tests/" in name or ".dist-info" in name or "WebGpu" in name]
    assert sorted(name for name in names if name.startswith("model/")) == ["model/manifest.json", "model/model.tflite"]


@pytest.mark.parametrize(
    ("handler", "requirements", "model", "megabytes"),
    [("filter", PLAIN, None, 15), ("serialize", [*PLAIN, "pillow"], None, 30), ("classify", WITH_MODEL, VEHICLE, 115)],
)
def test_bundles_stay_small(handler: str, requirements: list[str], model: Path | None, megabytes: int) -> None:
    # Measured on Linux, x86-64, Python 3.11, compiled files included: 13.6, 26 and 106 MB. Lambda's limit is 250 MB.
    files = zipfile.ZipFile(bundle_for_here(handler, requirements, model)).infolist()
    assert sum(file.file_size for file in files) < megabytes * 1_000_000


def test_compiled_files_are_never_checked_against_times() -> None:
    bundled = zipfile.ZipFile(bundle_for_here("filter", PLAIN))
    compiled = [name for name in bundled.namelist() if name.endswith(".pyc")]
    assert f"lambdas/filter/__pycache__/handler.{sys.implementation.cache_tag}.pyc" in compiled
    # PEP 552: flags 1 say "by hash, unchecked".
    assert {struct.unpack("<I", bundled.read(name)[4:8])[0] for name in compiled} == {1}


@pytest.mark.parametrize(
    ("handler", "requirements", "model", "configuration"),
    [
        ("filter", PLAIN, None, None),
        ("classify", PLAIN, None, ClassifyConfiguration(hosting=Hosting.REALTIME, endpoint="e", scratch_bucket="b")),
        ("classify", WITH_MODEL, VEHICLE, ClassifyConfiguration(hosting=Hosting.LAMBDA, scratch_bucket="b")),
        (
            "serialize",
            [*PLAIN, "pillow"],
            None,
            SerializeConfiguration(
                default_classifier="a", inputs={}, switched_off=[], buckets=[], scratch_bucket="b", limits=LIMITS
            ),
        ),
        (
            "api",
            [*PLAIN, "pillow", "python-multipart"],
            None,
            ApiConfiguration(
                default_classifier="a",
                inputs={},
                switched_off=[],
                buckets=[],
                scratch_bucket="b",
                limits=LIMITS,
                incoming_bucket="b",
                table="t",
                routing_machine="m",
                classifiers=[],
                authorisation="iam",
                clients=[],
                cors_origins=[],
            ),
        ),
    ],
    ids=["filter", "classify", "classify-with-model", "serialize", "api"],
)
def test_a_function_starts_with_nothing_but_its_bundle_and_boto3(
    handler: str,
    requirements: list[str],
    model: Path | None,
    configuration: BaseModel | None,
    bare_python: Path,
    tmp_path: Path,
) -> None:
    zipfile.ZipFile(bundle_for_here(handler, requirements, model)).extractall(tmp_path)
    done = run_in(tmp_path, bare_python, handler, configuration, f"import lambdas.{handler}.handler as h; h.handler")
    assert done.returncode == 0, done.stderr


def test_the_bundled_model_answers(bare_python: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(bundle_for_here("classify", WITH_MODEL, VEHICLE)).extractall(tmp_path)
    configuration = ClassifyConfiguration(hosting=Hosting.LAMBDA, scratch_bucket="b")
    size = open_package(VEHICLE).manifest.input
    code = (
        "import io; from PIL import Image; import lambdas.classify.handler as h; file = io.BytesIO();"
        f"Image.new('RGB', ({size.width}, {size.height})).save(file, 'PNG');"
        "print(h.ask(file.getvalue(), 'an-id').model_dump_json())"
    )
    done = run_in(tmp_path, bare_python, "classify", configuration, code)
    assert done.returncode == 0, done.stderr
    (prediction,) = Answer.model_validate_json(done.stdout).predictions
    assert set(prediction.probabilities) == {"bicycle", "motorcycle"}


def run_in(
    folder: Path, python: Path, handler: str, configuration: BaseModel | None, code: str
) -> subprocess.CompletedProcess[str]:
    """Run code as Lambda would: in the unpacked bundle, with the function's variables and no others."""
    variables = {
        VARIABLE: configuration.model_dump_json() if configuration else "",
        "AWS_DEFAULT_REGION": "us-east-1",
        "POWERTOOLS_SERVICE_NAME": handler,
        "POWERTOOLS_METRICS_NAMESPACE": "Signpost",
        "HOME": str(folder),
    }
    return subprocess.run([python, "-c", code], cwd=folder, env=variables, capture_output=True, text=True, check=False)


@pytest.fixture(scope="session")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with boto3 and nothing else, as Lambda has it."""
    return make_interpreter(tmp_path_factory.mktemp("bare") / "python")


@pytest.mark.skipif(platform.system() != "Linux", reason="the wheels of this machine are no ELF files")
@pytest.mark.parametrize("machine", ["aarch64", "x86_64"])
def test_compiled_wheels_are_for_the_functions_processor(machine: str) -> None:
    made = bundling.bundle("filter", PLAIN, python_version="3.14", platform=f"{machine}-manylinux_2_28")
    bundled = zipfile.ZipFile(made)
    libraries = [name for name in bundled.namelist() if name.endswith(".so")]
    assert libraries
    for name in libraries:
        assert struct.unpack("<H", bundled.read(name)[18:20])[0] == ELF_MACHINES[machine], name


def test_a_missing_network_is_said_in_plain_words(
    empty_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN nothing in uv's cache, and no network
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("UV_OFFLINE", "1")
    with pytest.raises(DeploymentError, match="can't get the wheels of pydantic for a Lambda function"):
        bundle_for_here("filter", ["pydantic"])
    # THEN no half-made bundle is left to be found the next time
    assert not list(empty_cache.glob("*.zip"))
