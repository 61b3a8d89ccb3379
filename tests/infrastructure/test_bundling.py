"""A function's zip: the right code, nothing that it never loads, and the same bytes for the same inputs."""

import hashlib
import platform
import struct
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Annotations, Match
from PIL import ImageCms
from pydantic import BaseModel

from localcloud.lambda_functions import make_interpreter
from signpost.errors import DeploymentError
from signpost.images.formats import DEFAULT_FORMATS, IMAGE_TYPES
from signpost.model.known_pictures import read_known_pictures
from signpost.routing.contracts import Answer
from signpost.settings.hosting import Hosting
from signpost.settings.lambda_config import VARIABLE, ApiConfiguration, ClassifyConfiguration, SerializeConfiguration
from signpost.settings.limits import LimitSettings
from stacks.constructs import bundling, wheels
from stacks.constructs.python_function import PythonFunction
from stacks.constructs.wheels import BASE, LITERT, WITH_MODEL, decoders
from stacks.stage import aws_stage, local_stage
from tests.unit.sample_pictures import encode, gradient

HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
VEHICLE = bundling.ROOT / "models" / "vehicle"
LIMITS = LimitSettings()
# ELF machine numbers, of the ELF specification.
ELF_MACHINES = {"x86_64": 62, "aarch64": 183}


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(bundling, "CACHE", tmp_path / "cache")
    return tmp_path / "cache"


DECODERS, AVIF = decoders(DEFAULT_FORMATS)
EVERY_DECODER, _ = decoders(IMAGE_TYPES)


def bundle_for_here(
    handler: str, requirements: Sequence[str], model: Path | None = None, kept: Sequence[str] = ()
) -> Path:
    return bundling.bundle(handler, requirements, python_version=HERE, platform=None, model=model, kept=kept)


@pytest.mark.usefixtures("empty_cache")
def test_the_same_inputs_give_the_same_bytes() -> None:
    first = bundle_for_here("filter", BASE)
    digest = hashlib.sha256(first.read_bytes()).hexdigest()
    first.unlink()
    again = bundle_for_here("filter", BASE)
    assert again == first
    assert hashlib.sha256(again.read_bytes()).hexdigest() == digest


def test_a_bundle_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = bundle_for_here("filter", BASE)
    monkeypatch.setattr(wheels, "install", lambda *_, **__: pytest.fail("it was made again"))
    assert bundle_for_here("filter", BASE) == made


def test_only_the_modules_that_a_function_imports_travel_with_it() -> None:
    names = {str(file.relative_to(bundling.ROOT)) for file in bundling.sources("filter")}
    assert "lambdas/filter/handler.py" in names
    assert "signpost/routing/decision.py" in names
    assert "signpost/routing/contracts.py" in names  # imported by decision
    assert not {name for name in names if "serialize" in name or "classify" in name}
    assert not {"signpost/images/prepare.py", "signpost/model/predictor.py", "signpost/model/metrics.py"} & names


def test_what_the_runtime_has_and_what_nobody_loads_stays_out() -> None:
    names = zipfile.ZipFile(bundle_for_here("classify", WITH_MODEL, VEHICLE)).namelist()
    top = {name.split("/")[0] for name in names}
    assert {"lambdas", "model", "signpost", "pydantic", "ai_edge_litert", "numpy", "PIL"} <= top
    assert not {"boto3", "botocore", "google", "tqdm", "bin"} & top
    assert not [name for name in names if "/tests/" in name or ".dist-info" in name or "WebGpu" in name]
    assert sorted(name for name in names if name.startswith("model/")) == ["model/manifest.json", "model/model.tflite"]


def test_licences_travel_with_the_wheels() -> None:
    names = zipfile.ZipFile(bundle_for_here("classify", WITH_MODEL, VEHICLE)).namelist()
    licensed = {name.split("/")[1].split("-")[0] for name in names if name.startswith("licences/")}
    assert {"ai_edge_litert", "aws_lambda_powertools", "aws_xray_sdk", "numpy", "pillow", "pydantic"} <= licensed


@pytest.mark.parametrize("where", ["here", "on AWS"])
@pytest.mark.parametrize(
    ("handler", "requirements", "kept", "model", "megabytes"),
    [
        ("filter", BASE, (), None, 12),
        ("serialize", [*BASE, *DECODERS], AVIF, None, 30),
        ("serialize", [*BASE, *EVERY_DECODER], AVIF, None, 35),
        ("classify", WITH_MODEL, (), VEHICLE, 90),
    ],
)
def test_bundles_stay_small(
    handler: str,
    requirements: Sequence[str],
    kept: Sequence[str],
    model: Path | None,
    megabytes: int,
    where: str,
) -> None:
    # Measured for Python 3.11 with compiled files: 11.0, 23.0 and 86.0 MB here (x86-64), 10.7, 22.8 and 82.6 on arm64.
    stage = aws_stage() if where == "on AWS" else local_stage()
    processor = stage.predictor_processor if LITERT in requirements else stage.processor
    platform_name = processor.wheel_platform
    made = bundling.bundle(
        handler, requirements, python_version=stage.python_version, platform=platform_name, model=model, kept=kept
    )
    files = zipfile.ZipFile(made).infolist()
    compiled = any(file.filename.endswith(".pyc") for file in files)
    assert compiled or not wheels.interpreter(stage.python_version)
    assert sum(file.file_size for file in files) < megabytes * 1_000_000 < bundling.MAX_BYTES


def test_a_bundle_that_would_start_slowly_is_refused(empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundling, "MAX_BYTES", 5_000_000)
    with pytest.raises(DeploymentError, match=r"filter would be .* allowed are 5.0 MB.* largest: pydantic_core \d"):
        bundle_for_here("filter", BASE)
    assert not list(empty_cache.glob("*.zip"))


def test_compiled_files_are_never_checked_against_times() -> None:
    bundled = zipfile.ZipFile(bundle_for_here("filter", BASE))
    compiled = [name for name in bundled.namelist() if name.endswith(".pyc")]
    assert f"lambdas/filter/__pycache__/handler.{sys.implementation.cache_tag}.pyc" in compiled
    # PEP 552: flags 1 say "by hash, unchecked".
    assert {struct.unpack("<I", bundled.read(name)[4:8])[0] for name in compiled} == {1}


def test_the_compiled_files_are_those_that_run(bare_python: Path, tmp_path: Path) -> None:
    # GIVEN sources that can't be imported any more, newer than the compiled files
    zipfile.ZipFile(bundle_for_here("filter", BASE)).extractall(tmp_path)
    for source in tmp_path.rglob("*.py"):
        source.write_text("raise SystemError('the source was read')")
    done = run_in(tmp_path, bare_python, "filter", None, "import lambdas.filter.handler as h; h.handler")
    assert done.returncode == 0, done.stderr


def test_a_deployment_without_the_functions_python_says_what_that_means(monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a machine that has no such Python, and no way to download it
    monkeypatch.setattr(wheels, "interpreter", lambda _: None)
    stack = cdk.Stack(cdk.App(), "stack")
    for name in ("one", "other"):
        PythonFunction(
            stack,
            name,
            stage=aws_stage(),
            handler="filter",
            function_name=name,
            configuration=None,
            requirements=BASE,
            memory_mb=256,
            timeout=cdk.Duration.seconds(10),
        )
    # THEN it is said once
    warned = Annotations.from_stack(stack).find_warning("*", Match.string_like_regexp("no Python 3.14 here"))
    assert len(warned) == 1


def test_no_python_is_found_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    assert wheels.interpreter("3.99") is None


@pytest.mark.parametrize(
    ("handler", "requirements", "model", "configuration"),
    [
        ("filter", BASE, None, None),
        ("classify", BASE, None, ClassifyConfiguration(hosting=Hosting.REALTIME, endpoint="e", scratch_bucket="b")),
        ("classify", WITH_MODEL, VEHICLE, ClassifyConfiguration(hosting=Hosting.LAMBDA, scratch_bucket="b")),
        (
            "serialize",
            [*BASE, "pillow"],
            None,
            SerializeConfiguration(
                default_classifier="a",
                inputs={},
                switched_off=[],
                incoming_bucket="b",
                source_buckets=[],
                scratch_bucket="b",
                limits=LIMITS,
            ),
        ),
        (
            "api",
            [*BASE, "pillow", "python-multipart"],
            None,
            ApiConfiguration(
                default_classifier="a",
                inputs={},
                switched_off=[],
                incoming_bucket="b",
                source_buckets=[],
                scratch_bucket="b",
                limits=LIMITS,
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
    requirements: Sequence[str],
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
    (picture, *_) = read_known_pictures(VEHICLE)
    code = f"import lambdas.classify.handler as h; print(h.ask({picture.png!r}, 'an-id').model_dump_json())"
    done = run_in(tmp_path, bare_python, "classify", configuration, code)
    assert done.returncode == 0, done.stderr
    (prediction,) = Answer.model_validate_json(done.stdout).predictions
    assert set(prediction.probabilities) == {"bicycle", "motorcycle"}
    assert prediction.label == picture.label


def test_the_bundled_decoders_decode_and_convert(bare_python: Path, tmp_path: Path) -> None:
    # GIVEN an AVIF with a colour profile, a WebP and a HEIC
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    images = {
        "avif": encode(gradient(), "AVIF", icc_profile=srgb),
        "webp": encode(gradient(), "WEBP", icc_profile=srgb),
        "heic": (bundling.ROOT / "tests" / "unit" / "turned.heic").read_bytes(),
    }
    zipfile.ZipFile(bundle_for_here("serialize", [*BASE, *EVERY_DECODER], kept=AVIF)).extractall(tmp_path)
    for name, data in images.items():
        (tmp_path / name).write_bytes(data)
    code = f"""
from pathlib import Path
from PIL import ImageCms
from signpost.images.limits import Limits
from signpost.images.prepare import prepare
ImageCms.createProfile("sRGB")
for name in {[*images]}:
    print(prepare(Path(name).read_bytes(), 8, 8, Limits(formats=(name,))).size)
"""
    done = run_in(tmp_path, bare_python, "serialize", None, code)
    # THEN the trimmed wheels still have what that takes
    assert (done.stderr, done.stdout.split("\n")[:-1]) == ("", ["(8, 8)"] * 3)


def run_in(
    folder: Path, python: Path, handler: str, configuration: BaseModel | None, code: str
) -> subprocess.CompletedProcess[str]:
    """Run code as Lambda would: in the unpacked bundle, with the function's variables and no others."""
    variables = {
        **({VARIABLE: configuration.model_dump_json()} if configuration else {}),
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
    made = bundling.bundle("filter", BASE, python_version="3.14", platform=f"{machine}-manylinux_2_28")
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
