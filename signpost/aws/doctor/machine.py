"""Checks of this machine and this checkout, without an AWS account."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from signpost.aws.container_images import uses
from signpost.aws.doctor.findings import Check, Finding, Status
from signpost.settings.file import Settings, load_settings
from signpost.settings.hosted import check_packages

_GB = 1e9
# The environment of the functions, the assembly and the model packages take about 1 GB.
_ENOUGH_DISK, _LITTLE_DISK = 5 * _GB, 1.5 * _GB
_OLDEST_NODE = 20
_SECONDS = 20


def machine_checks(root: Path, state: Path, port: int) -> dict[str, Check]:
    """Return the checks that need no account.

    Parameters
    ----------
    root : Path
        The checkout.
    state : Path
        State folder of the local cloud.
    port : int
        That the local cloud takes if nothing else does.
    """
    return {
        "settings": partial(_settings, root),
        "python": _python,
        "disk": partial(_disk, root),
        "state folder": partial(_state, state),
        "node": _node,
        "environment": partial(_environment, root),
        "checkout": partial(_checkout, root),
        "port": partial(_port, port),
    }


def _settings(root: Path) -> Iterator[Finding]:
    settings = load_settings(root / "signpost.toml")
    check_packages(settings)
    yield Finding("settings", Status.OK, f"signpost.toml and {len(settings.hosted)} model packages fit together")


def _python() -> Iterator[Finding]:
    version = f"Python {sys.version_info.major}.{sys.version_info.minor}"
    if sys.version_info >= (3, 15):
        yield Finding("python", Status.WARNING, f"{version} is newer than what is tested", "Use 3.11 to 3.14.")
    else:
        yield Finding("python", Status.OK, version)


def _disk(root: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(root).free
    message = f"{free / _GB:.1f} GB are free for {root}"
    if free >= _ENOUGH_DISK:
        yield Finding("disk", Status.OK, message)
    else:
        status = Status.FAILURE if free < _LITTLE_DISK else Status.WARNING
        yield Finding("disk", status, message, f"Free {_ENOUGH_DISK / _GB:.0f} GB, for instance by `make clean`.")


def _state(state: Path) -> Iterator[Finding]:
    state.mkdir(parents=True, exist_ok=True)
    probe = state / ".writable"
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        advice = "Set SIGNPOST_STATE to a folder that you can write to."
        yield Finding("state folder", Status.FAILURE, f"{state} can't be written to: {error.strerror}", advice)
    else:
        yield Finding("state folder", Status.OK, f"{state} can be written to")


def _node() -> Iterator[Finding]:
    tools = str(Path(sys.executable).parent)
    missing = [name for name in ("node", "npm") if not (shutil.which(name, path=tools) or shutil.which(name))]
    if missing:
        yield Finding("node", Status.FAILURE, f"there is no {' and no '.join(missing)}", "Run `make .venv/demo`.")
        return
    node = shutil.which("node", path=tools) or "node"
    version = _output([node, "--version"]).lstrip("v")
    if int(version.split(".")[0] or 0) < _OLDEST_NODE:
        yield Finding("node", Status.FAILURE, f"Node {version} is too old", "Run `make .venv/demo`, which brings one.")
    else:
        yield Finding("node", Status.OK, f"Node {version}")


def _environment(root: Path) -> Iterator[Finding]:
    lock, stamp = root / "requirements" / "demo.txt", root / ".venv" / "demo"
    if not stamp.exists() or stamp.stat().st_mtime < lock.stat().st_mtime:
        message = "the installed packages are older than requirements/demo.txt"
        yield Finding("environment", Status.WARNING, message, "Run `make .venv/demo`.")
    else:
        yield Finding("environment", Status.OK, "the installed packages are those of requirements/demo.txt")


def _checkout(root: Path) -> Iterator[Finding]:
    behind = _output(["git", "-C", str(root), "rev-list", "--count", "HEAD..@{upstream}"])
    if behind.isdigit() and int(behind):
        yield Finding("checkout", Status.WARNING, f"{behind} commits behind its upstream", "Run `git pull`.")
    elif behind.isdigit():
        yield Finding("checkout", Status.OK, "not behind its upstream, as far as the last `git fetch` knows")
    else:
        yield Finding("checkout", Status.OK, "has no upstream to compare with")


def _port(port: int) -> Iterator[Finding]:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            message = f"port {port} is taken"
            yield Finding("port", Status.WARNING, message, "The local cloud takes another one, or give --port.")
        else:
            yield Finding("port", Status.OK, f"port {port} is free")


def docker(settings: Settings) -> Iterator[Finding]:
    """Check whether Docker can build the images that no ``image_uri`` names.

    Parameters
    ----------
    settings : Settings
    """
    built = sorted({f"{use.classifier}.{use.table}" for use in uses(settings) if not use.image_uri})
    advice = "Build without Docker: `npx cdk deploy signpost-image && signpost image`."
    if not built:
        yield Finding("docker", Status.OK, "not needed: every table that needs an image names one")
    elif not shutil.which("docker"):
        yield Finding("docker", Status.FAILURE, f"not installed, but {', '.join(built)} need an image", advice)
    elif not (store := _output(["docker", "info", "--format", "{{json .DriverStatus}}"])):
        yield Finding("docker", Status.FAILURE, "installed, but its daemon does not answer", f"Start it. {advice}")
    elif not _output(["docker", "buildx", "version"]):
        yield Finding("docker", Status.FAILURE, "buildx is missing, which builds for other processors", advice)
    elif "io.containerd.snapshotter" in store:
        message = "keeps images in containerd, which makes OCI manifests by default; SageMaker refuses those"
        yield Finding("docker", Status.WARNING, message, f"Switch the containerd image store off. {advice}")
    else:
        yield Finding("docker", Status.OK, "builds images with Docker media types")


def _output(command: list[str]) -> str:
    """Return what a command prints; nothing where it fails or does not end."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
