"""The container's contract: folders, hosts, signals, reasons."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("tensorflow", reason="training needs TensorFlow, an extra of its own: requirements/training.txt")

from signpost.model.evaluation import EvaluationSet
from signpost.model.package import open_package
from training.distribution.launch import free_ports

ROOT = Path(__file__).parents[2]
ARCHIVE = "orl-faces.tar.gz"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four people, eight pictures each: everyone has a brightness of their own."""
    rng, path = np.random.default_rng(0), tmp_path_factory.mktemp("data") / ARCHIVE
    with tarfile.open(path, "w:gz") as tar:
        for person in range(4):
            for number in range(8):
                pixels = (60 * person + rng.integers(0, 40, (64, 56))).astype(np.uint8)
                buffer = io.BytesIO()
                Image.fromarray(pixels).save(buffer, "PNG")
                info = tarfile.TarInfo(f"s{person}/{number}.png")
                info.size = len(buffer.getvalue())
                buffer.seek(0)
                tar.addfile(info, buffer)
    return path


class Container:
    """One host's folders and its process."""

    def __init__(
        self, root: Path, archive: Path | None, name: str = "algo-1", hosts: tuple[str, ...] = ("algo-1",)
    ) -> None:
        self.root, self.name, self.hosts = root, name, hosts
        for folder in ("input/config", "input/data/data", "output"):
            (root / folder).mkdir(parents=True, exist_ok=True)
        if archive and not (root / "input/data/data" / ARCHIVE).exists():
            (root / "input/data/data" / ARCHIVE).symlink_to(archive)

    def start(self, ports: dict[str, str] | None = None, **hyperparameters: str) -> subprocess.Popen[str]:
        config = self.root / "input/config"
        (config / "hyperparameters.json").write_text(json.dumps(hyperparameters))
        resources = {"current_host": self.name, "hosts": self.hosts, "network_interface_name": "lo"}
        (config / "resourceconfig.json").write_text(json.dumps(resources))
        environment = {**os.environ, "SIGNPOST_ML_ROOT": str(self.root)}
        if ports:
            environment["SIGNPOST_HOSTS"] = json.dumps(ports)
        command = [sys.executable, "-m", "training.container", "train"]
        return subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def run(self, **hyperparameters: str) -> tuple[int, str]:
        with self.start(**hyperparameters) as process:
            output, _ = process.communicate()
        return process.returncode, output

    @property
    def failure(self) -> str | None:
        path = self.root / "output/failure"
        return path.read_text() if path.exists() else None


@pytest.mark.parametrize(
    ("hyperparameters", "reason"),
    [
        ({"classifier": "faces", "epochs": "3"}, "hyperparameters are wrong: epochs: not a known name"),
        ({"classifier": "faces", "strategy": "many"}, "hyperparameters are wrong: strategy: must match"),
        ({"classifier": "faces", "steps": "0"}, "hyperparameters are wrong: steps: must be greater than 0"),
        ({"classifier": "nothing"}, "no recipe for 'nothing'"),
        ({"classifier": "faces"}, "orl-faces.tar.gz is not in the channel `data`"),
    ],
)
def test_a_wrong_job_fails_with_its_reason(tmp_path: Path, hyperparameters: dict[str, str], reason: str):
    container = Container(tmp_path, None)

    code, output = container.run(**hyperparameters)

    assert code == 1
    assert container.failure is not None
    assert container.failure.startswith(reason)
    assert "Traceback" not in output


@pytest.mark.slow
def test_hosts_train_together_stop_together_and_go_on_to_one_package(tmp_path: Path, archive: Path):
    names = ("algo-1", "algo-2")
    first, second = (Container(tmp_path / name, archive, name, names) for name in names)
    job = {"classifier": "faces", "strategy": "multi-worker", "steps": "20"}

    # GIVEN a job of which one host is interrupted
    ports = dict(zip(names, free_ports(2), strict=True))
    with first.start(ports, **job) as one, second.start(ports, **job) as other:
        assert one.stdout
        for line in one.stdout:
            if "fine-tuning, step 4 of" in line:
                other.send_signal(signal.SIGTERM)
        codes = (one.wait(), other.wait())

    # THEN both end, and nothing has failed
    assert codes == (143, 143)
    assert (first.failure, second.failure) == (None, None)
    assert not (first.root / "model/model.tflite").exists()

    # WHEN it starts again
    ports = dict(zip(names, free_ports(2), strict=True))
    with first.start(ports, **job) as one, second.start(ports, **job) as other:
        output, _ = one.communicate()
        other.communicate()

    # THEN it goes on, and only the first host writes
    assert (one.returncode, other.returncode) == (0, 0), output
    assert "going on from a checkpoint: fine-tuning, step " in output
    assert open_package(first.root / "model").manifest.labels == ["s0", "s1", "s2", "s3"]
    assert {path.name for path in (first.root / "model").iterdir()} >= {"model.keras", "MODEL_CARD.md"}
    tests = EvaluationSet.read((first.root / "output/data/evaluation.npz").read_bytes())
    assert tests.images.shape == (12, 64, 56, 3)
    assert list((first.root / "checkpoints").glob("*/complete"))
    assert not any(path.is_file() for folder in ("model", "checkpoints") for path in (second.root / folder).rglob("*"))


def test_the_end_of_one_host_fails_the_other_at_once(tmp_path: Path, archive: Path):
    names = ("algo-1", "algo-2")
    ports = dict(zip(names, free_ports(2), strict=True))
    first = Container(tmp_path / "algo-1", archive, "algo-1", names)
    second = Container(tmp_path / "algo-2", None, "algo-2", names)  # its channel is empty
    running = [container.start(ports, classifier="faces", strategy="multi-worker") for container in (first, second)]

    for process in running:
        process.communicate()

    assert [process.returncode for process in running] == [1, 1]
    assert second.failure is not None
    assert second.failure.startswith("orl-faces.tar.gz is not in the channel")
    assert first.failure == "host algo-2 ended before the training was over; its own log says why"
