"""The image of the model server: built without Docker, over a base made of Debian's packages, and run."""

import http.client
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

_ENVIRONMENT = os.environ | {"STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"}
_MISSING = [tool for tool in ("buildah", "debootstrap") if not shutil.which(tool)]
_PORT = 8197

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(bool(_MISSING), reason=f"needs {' and '.join(_MISSING)}: apt-get install buildah debootstrap"),
    pytest.mark.skipif(os.geteuid() != 0, reason="debootstrap and mounting need root"),
]


def buildah(*arguments: object) -> str:
    done = subprocess.run(["buildah", *map(str, arguments)], env=_ENVIRONMENT, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip()


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A stand-in for the Dockerfile's base, which is on a registry: Debian with its own Python."""
    root = tmp_path_factory.mktemp("base") / "root"
    packages = "--include=python3,python3-venv,ca-certificates"
    mirror = _mirror()
    subprocess.run(["debootstrap", "--variant=minbase", packages, "bookworm", root, mirror], check=True, timeout=600)
    container = buildah("from", "scratch")
    subprocess.run(["cp", "-a", f"{root}/.", buildah("mount", container)], check=True)  # with its devices
    buildah("umount", container)
    name = "localhost/signpost-test-base"
    buildah("commit", "--quiet", "--rm", container, name)
    yield name
    buildah("rmi", "--force", name)


@pytest.fixture(scope="module")
def image(base: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    name = "localhost/signpost-test-serving"
    _build(base, name, tmp_path_factory.mktemp("pip"))
    yield name
    buildah("rmi", "--force", name)


def test_two_builds_give_the_same_image(base, image, tmp_path):
    again = f"{image}-again"
    _build(base, again, tmp_path)
    first, second = (json.loads(buildah("inspect", name))["FromImageDigest"] for name in (image, again))
    buildah("rmi", "--force", again)
    assert first == second


def test_it_serves_as_nobody_in_particular_and_tells_what_it_is_made_of(image, vehicle_package: Path):
    container = buildah("from", image)
    try:
        bill = json.loads(buildah("run", container, "--", "cat", "/srv/sbom.cdx.json"))
        assert {"uvicorn", "ai-edge-litert", "simplejpeg"} <= {component["name"] for component in bill["components"]}
        assert buildah("run", container, "--", "id", "-u") == "10001"
        volume = f"{vehicle_package}:/opt/ml/model:ro"
        command = ["buildah", "run", "-v", volume, "-e", f"SIGNPOST_PORT={_PORT}", container, "--", "python", "-m"]
        server = subprocess.Popen([*command, "serving"], env=_ENVIRONMENT, stdout=subprocess.DEVNULL)
        try:
            assert json.loads(_ping(server))["model"]["name"] == "vehicle"
        finally:
            server.terminate()
            server.wait(30)
    finally:
        buildah("rm", container)


def _build(base: str, name: str, scratch: Path) -> None:
    volumes = []
    # Where packages come from on this machine, if it is not the usual place.
    configuration = scratch / "pip.conf"
    listed = subprocess.run([ROOT / ".venv/bin/pip", "config", "list"], capture_output=True, text=True, check=True)
    values = dict(line.split("=", 1) for line in listed.stdout.splitlines())
    named = {key.rpartition(".")[2]: value.strip("'") for key, value in values.items()}
    if certificate := named.get("cert"):
        volumes += ["-v", f"{certificate}:/etc/pip-ca.pem:ro"]
        named["cert"] = "/etc/pip-ca.pem"
    kept = {key: named[key] for key in ("cert", "index-url") if key in named}
    configuration.write_text("[global]\n" + "".join(f"{key} = {value}\n" for key, value in kept.items()))
    volumes += ["-v", f"{configuration}:/etc/pip.conf:ro"]
    arguments = ["--no-cache", "--timestamp", "0", "--build-arg", f"BASE={base}", "-f", "serving/Dockerfile"]
    buildah("build", *arguments, *volumes, "-t", name, ".")


def _mirror() -> str:
    sources = Path("/etc/apt/sources.list.d/debian.sources")
    lines = sources.read_text().splitlines() if sources.is_file() else []
    uris = [line.split()[1] for line in lines if line.startswith("URIs:")]
    return uris[0].rstrip("/") if uris else "http://deb.debian.org/debian"


def _ping(server: subprocess.Popen[bytes]) -> bytes:
    end = time.monotonic() + 60
    while time.monotonic() < end and server.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", _PORT, timeout=5)
        try:
            connection.request("GET", "/ping")
            return connection.getresponse().read()
        except ConnectionError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise AssertionError("the container never answered")
