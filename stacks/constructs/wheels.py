"""Installs the wheels of a Lambda function, without Docker, and drops what it never loads."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection, Sequence
from functools import cache
from pathlib import Path

from uv import find_uv_bin

from signpost.errors import DeploymentError

LOCK = Path(__file__).parents[2] / "requirements" / "demo.txt"

# What every function imports, and what those with a predictor import.
BASE = ("pydantic", "aws-lambda-powertools[tracer]")
LITERT = "ai-edge-litert"
WITH_MODEL = (*BASE, "pillow", "numpy", LITERT)

# Named by a wheel's metadata, yet not wanted in the asset.
EXCLUDED = (
    # Lambda's Python runtimes bring boto3 and what it needs.
    "boto3",
    "botocore",
    # ai-edge-litert needs these to edit and convert models; its interpreter needs NumPy alone.
    "backports-strenum",
    "flatbuffers",
    "ml-dtypes",
    "protobuf",
    "tqdm",
)

# What Pillow decodes AVIF with.
_AVIF = ("PIL/AvifImagePlugin.py", "PIL/_avif.*", "pillow.libs/libavif-*")

# What Pillow writes words with, as in a chart.
FONTS = (
    "PIL/_imagingft.*",
    "pillow.libs/libfreetype-*",
    "pillow.libs/libharfbuzz-*",
    "pillow.libs/libpng16-*",
    "pillow.libs/libbrotli*",
)

# Never loaded by a function: globs inside the folder of wheels. Licences stay, in a folder of their own.
TRIMMED = (
    "bin",
    "*.dist-info",
    "wrapt-stubs",
    "**/__pycache__",
    "**/*.pyi",
    "**/*.pyx",
    "**/*.pxd",
    "**/*.c",
    "**/*.h",
    "**/*.a",
    "**/tests",
    # Images are JPEG, PNG, WebP or, where they are decoded, AVIF: no other formats, no fonts, no Tk.
    *FONTS,
    *_AVIF,
    "PIL/[!AJMPTW]*ImagePlugin.py",
    "PIL/PpmImagePlugin.py",
    "PIL/_imagingtk.*",
    "PIL/_imagingmath.*",
    "PIL/_imagingmorph.*",
    # Everything of LiteRT beside the interpreter: the other runtime (loaded at import where it is there, and used by
    # nothing here), GPU, vendors' compilers, conversion, benchmarks.
    "ai_edge_litert/libLiteRt.*",
    "ai_edge_litert/libLiteRtWebGpuAccelerator.*",
    "ai_edge_litert/aot",
    "ai_edge_litert/tools",
    "ai_edge_litert/vendors",
    "ai_edge_litert/schema_py_generated.py",
    "ai_edge_litert/*_pb2.py",
    # NumPy imports these when they are asked for, and nobody does.
    "numpy/_core/_*_tests.*",
    "numpy/_core/_simd.*",
    "numpy/distutils",
    "numpy/f2py",
    "numpy/fft",
    "numpy/ma",
    "numpy/polynomial",
    "numpy/random",
    "numpy/testing",
    "pydantic/v1",
    # Powertools' logger, metrics and tracer are used, its HTTP routing and other utilities are not.
    "aws_lambda_powertools/event_handler",
    "aws_lambda_powertools/metrics/provider/datadog",
    "aws_lambda_powertools/utilities/[!_jst]*",
    "aws_lambda_powertools/utilities/streaming",
    "aws_xray_sdk/ext/django",
    "aws_xray_sdk/ext/flask",
)


def decoders(formats: Collection[str]) -> tuple[list[str], list[str]]:
    """Return what a function needs that decodes images.

    Parameters
    ----------
    formats : collection of str
        Formats that are taken, of ``signpost.images.formats.IMAGE_TYPES``.

    Returns
    -------
    tuple of list of str
        Requirements, and kept parts; see `install`.
    """
    return ["pillow", *(["pi-heif"] if "heic" in formats else [])], [*(_AVIF if "avif" in formats else ())]


def install(
    requirements: Sequence[str],
    target: Path,
    *,
    python_version: str,
    platform: str | None,
    kept: Sequence[str] = (),
) -> None:
    """Install wheels in the locked versions, checked against the locked hashes, and trim them.

    Parameters
    ----------
    requirements : sequence of str
        Names of the top-level packages, with extras, without versions.
    target : Path
        Folder to install into.
    python_version : str
        Of the function, for instance ``"3.13"``.
    platform : str or None
        The function's platform as uv names it; None is this machine's.
    kept : sequence of str
        Those of `TRIMMED` that this function loads after all.

    Raises
    ------
    DeploymentError
        If a wheel can't be had.
    """
    fetch(requirements, target, python_version=python_version, platform=platform, excluded=EXCLUDED)
    _gather_licences(target)
    for pattern in (pattern for pattern in TRIMMED if pattern not in kept):
        for path in list(target.glob(pattern)):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def fetch(
    requirements: Sequence[str],
    target: Path,
    *,
    python_version: str,
    platform: str | None,
    excluded: Sequence[str] = (),
) -> None:
    """Install wheels as they are; see `install`.

    Parameters
    ----------
    excluded : sequence of str
        Packages to leave out, whoever needs them.
    """
    with tempfile.TemporaryDirectory() as scratch:
        excludes = Path(scratch) / "excludes.txt"
        excludes.write_text("\n".join(excluded), encoding="utf-8")
        command = [find_uv_bin(), "pip", "install", "--quiet", "--target", str(target), "--python", sys.executable]
        command += ["--python-version", python_version, "--only-binary", ":all:", "--link-mode", "copy"]
        command += ["--constraint", str(LOCK), "--excludes", str(excludes)]
        command += ["--python-platform", platform] if platform else []
        _run([*command, *requirements], requirements)


@cache
def interpreter(python_version: str) -> str | None:
    """Find a Python whose compiled files a function of that version takes: no other version can read them.

    Parameters
    ----------
    python_version : str
        For instance ``"3.13"``.

    Returns
    -------
    str or None
        Its path. uv downloads one where this machine has none; None where that fails.
    """
    if python_version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return sys.executable
    find = [find_uv_bin(), "python", "find", "--no-python-downloads", "--no-project", python_version]
    install = [find_uv_bin(), "python", "install", "--no-bin", python_version]
    # Trying again would hold up everybody who has no network.
    environment = {"UV_HTTP_RETRIES": "0", **os.environ}
    for command in (find, install, find):
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if command is find and done.returncode == 0:
            return done.stdout.strip()
    return None


def _gather_licences(folder: Path) -> None:
    """Move what each wheel says of its licence to ``licences/``; the rest of its metadata nobody reads."""
    for metadata in folder.glob("*.dist-info"):
        for file in list(metadata.rglob("*")):
            name = file.relative_to(metadata)
            if file.is_file() and (name.parts[0] == "licenses" or name.name.startswith(("LICEN", "COPYING", "NOTICE"))):
                kept = folder / "licences" / metadata.stem / name
                kept.parent.mkdir(parents=True, exist_ok=True)
                file.replace(kept)


def _run(command: list[str], requirements: Sequence[str]) -> None:
    """Run uv on what it has cached, and only then with the network."""
    for attempt in ([*command, "--offline"], command):
        done = subprocess.run(attempt, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
    raise DeploymentError(
        f"can't get the wheels of {', '.join(requirements)} for a Lambda function. Is the network there?\n"
        f"{done.stderr.strip()}"
    )
