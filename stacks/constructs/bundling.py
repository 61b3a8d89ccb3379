"""Puts a Lambda function's code, wheels and model into one zip, the same bytes for the same inputs."""

from __future__ import annotations

import ast
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from filelock import FileLock

from signpost.errors import DeploymentError
from signpost.model.known_pictures import known_files
from stacks.constructs import symbol_versions, wheels

ROOT = Path(__file__).parents[2]
CACHE = ROOT / "build" / "lambda"
# Unzipped. Lambda allows 250 MB; what it has to load before the first answer is to stay well below.
MAX_BYTES = 100_000_000
# The oldest time that a zip can hold; Lambda needs none.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


def bundle(
    handler: str,
    requirements: Sequence[str],
    *,
    python_version: str,
    platform: str | None,
    model: Path | None = None,
    known_pictures: Path | None = None,
    more: Mapping[str, Path] | None = None,
    kept: Sequence[str] = (),
) -> Path:
    """Bundle one function.

    Parameters
    ----------
    handler : str
        Folder of the function in ``lambdas/``.
    requirements : sequence of str
        See `stacks.constructs.wheels.install`.
    python_version : str
        Of the function, for instance ``"3.13"``.
    platform : str or None
        The function's platform as uv names it; None is this machine's.
    model : Path or None
        Folder of a model package that goes into ``model/``.
    known_pictures : Path or None
        Folder of a model package whose known pictures go into ``known/``.
    more : mapping of str to Path, optional
        Other files, by where they go.
    kept : sequence of str
        See `stacks.constructs.wheels.install`.

    Returns
    -------
    Path
        The zip. It is kept, and made anew only when something that goes into it changes.

    Raises
    ------
    DeploymentError
        If a wheel is not available, needs what Lambda's image lacks, or all together would be too large.
    """
    files = own_files(handler, model=model, known_pictures=known_pictures)
    files |= more or {}
    compiler = wheels.interpreter(python_version)
    inputs = [python_version, str(platform or sys.platform), str(compiler is not None), *sorted(requirements), *kept]
    archive = CACHE / f"{handler}-{_digest(inputs, files)}.zip"
    CACHE.mkdir(parents=True, exist_ok=True)
    # Syntheses that run at once make a bundle once.
    with FileLock(archive.with_suffix(".lock")):
        if not archive.exists():
            with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
                folder = Path(scratch) / "asset"
                wheels.install(requirements, folder, python_version=python_version, platform=platform, kept=kept)
                place(files, folder)
                if platform:
                    symbol_versions.check(folder, python_version)
                if compiler:
                    _compile(folder, compiler)
                _check_size(folder, handler)
                _zip(folder, Path(scratch) / archive.name).replace(archive)
    return archive


def own_files(handler: str, *, model: Path | None = None, known_pictures: Path | None = None) -> dict[str, Path]:
    """Find everything but the wheels; see `bundle`.

    Returns
    -------
    dict of str to Path
        By the name in the bundle.
    """
    files = {str(file.relative_to(ROOT)): file for file in sources(handler)}
    # The predictor reads the manifest and the LiteRT model; the Keras model and the card stay out.
    files |= {f"model/{name}": model / name for name in ("manifest.json", "model.tflite")} if model else {}
    if known_pictures:
        files |= {str(file.relative_to(known_pictures)): file for file in known_files(known_pictures)}
    return files


def text_file(text: str) -> Path:
    """Write what a bundle is to contain as a file; the same text is the same file."""
    CACHE.mkdir(parents=True, exist_ok=True)
    written = CACHE / f"text-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    written.write_text(text, encoding="utf-8")
    return written


def place(files: dict[str, Path], folder: Path) -> None:
    """Copy files into a folder, each under its name in the bundle."""
    for name, file in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, folder / name)


def sources(handler: str) -> list[Path]:
    """Find the function's own files and the modules of the core and of other functions that they import.

    A change elsewhere in the core then leaves the function as it is.

    Parameters
    ----------
    handler : str
        Folder of the function in ``lambdas/``.

    Returns
    -------
    list of Path
        Sorted.
    """
    found: set[Path] = set()
    waiting = [ROOT / "lambdas" / "__init__.py", *sorted((ROOT / "lambdas" / handler).glob("*.py"))]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += _imports(file)
    return sorted(found)


def _imports(file: Path) -> Iterator[Path]:
    """Yield the files of ours that a file imports, wherever in it the import stands."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            module = ROOT.joinpath(*name.split("."))
            if name.split(".")[0] in ("signpost", "lambdas", "review"):
                packages = [ROOT.joinpath(*name.split(".")[:depth]) for depth in range(1, name.count(".") + 2)]
                candidates = (module.with_suffix(".py"), *(package / "__init__.py" for package in packages))
                yield from (path for path in candidates if path.is_file())


def _digest(inputs: list[str], files: dict[str, Path]) -> str:
    modules = {"bundling": __file__, "wheels": wheels.__file__, "symbol_versions": symbol_versions.__file__}
    recipe = {**{name: Path(file) for name, file in modules.items()}, "lock": wheels.LOCK}
    digest = hashlib.sha256(repr(inputs).encode())
    for name, file in sorted({**recipe, **files}.items()):
        digest.update(f"{name} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()[:16]


def _compile(folder: Path, compiler: str) -> None:
    """Compile everything now: import time is cold start, and a function can't write where its code lies."""
    command = [compiler, "-m", "compileall", "-q", "-s", str(folder), "-p", "/var/task", str(folder)]
    # Checked by nobody at run time, since a zip changes the files' times; a fixed seed gives the same bytes each time.
    command += ["--invalidation-mode", "unchecked-hash"]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": "0"})


def _check_size(folder: Path, handler: str) -> None:
    sizes = {part.name: _size(part) for part in folder.iterdir()}
    if (total := sum(sizes.values())) > MAX_BYTES:
        largest = sorted(sizes, key=lambda name: -sizes[name])[:5]
        raise DeploymentError(
            f"the function {handler} would be {_megabytes(total)} unzipped; allowed are {_megabytes(MAX_BYTES)}, so"
            f" that it starts quickly. The largest: {', '.join(f'{n} {_megabytes(sizes[n])}' for n in largest)}."
            " A large model needs another hosting; TRIMMED in stacks/constructs/wheels.py drops parts of wheels."
        )


def _size(part: Path) -> int:
    return sum(file.stat().st_size for file in (part, *part.rglob("*")) if file.is_file())


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _zip(folder: Path, archive: Path) -> Path:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as zipped:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            info = zipfile.ZipInfo(file.relative_to(folder).as_posix(), _NO_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o100644 << 16
            zipped.writestr(info, file.read_bytes())
    return archive
