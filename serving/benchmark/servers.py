"""The servers that are compared, and how each is started."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build/serving-benchmark"
PACKAGE = ROOT / "models/vehicle"
SAVED_MODEL = BUILD / "saved-model"
RIVALS = Path(__file__).parent / "rivals"
CORES = len(os.sched_getaffinity(0))
OURS = "signpost"

Kind = Literal["litert", "savedmodel"]
KINDS: dict[Kind, str] = {"litert": "LiteRT", "savedmodel": "SavedModel"}
_MODULES = "serving.benchmark.rivals"
# As their documentation starts each.
_COMMANDS = {
    "flask_gunicorn": "gunicorn --config {folder}/gunicorn.conf.py --bind 127.0.0.1:{port}",
    "bento": f"bentoml serve --host 127.0.0.1 --port {{port}} {_MODULES}.bento.app:Classifier",
    "ml_server": "mlserver start {folder}",
    "lit_serve": f"python -m {_MODULES}.lit_serve.app",
    "ray_serve": f"python -m {_MODULES}.ray_serve.app",
}
NAMES = {
    OURS: "Signpost",
    "flask_gunicorn": "Flask + gunicorn",
    "bento": "BentoML",
    "ml_server": "MLServer",
    "lit_serve": "LitServe",
    "ray_serve": "Ray Serve",
}


@dataclass(frozen=True)
class Server:
    """A server and the model that it serves.

    Attributes
    ----------
    name : str
        `OURS` or a folder of ``rivals``.
    kind : str
        Of the model.
    """

    name: str
    kind: Kind

    @property
    def key(self) -> str:
        """What its figures are kept under."""
        return f"{self.name}/{self.kind}"

    def command(self, port: int) -> list[str]:
        """Give the command that starts it."""
        if self.name == OURS:
            return [sys.executable, "-m", "serving"]
        program, *arguments = _COMMANDS[self.name].format(port=port, folder=RIVALS / self.name).split()
        return [str(BUILD / self.name / "bin" / program), *arguments]

    def environment(self, port: int) -> dict[str, str]:
        """Give the environment that it is started in."""
        own = {
            "SIGNPOST_HOST": "127.0.0.1",
            "SIGNPOST_PORT": str(port),
            "SIGNPOST_MODEL_DIR": str(PACKAGE),
            "SIGNPOST_WORKERS": str(CORES),
        }
        rival = {
            "BENCHMARK_MODEL": self.kind,
            "BENCHMARK_PACKAGE": str(PACKAGE),
            "BENCHMARK_SAVED_MODEL": str(SAVED_MODEL),
            "BENCHMARK_WORKERS": str(CORES),
            "BENCHMARK_PORT": str(port),
            "BENTOML_DO_NOT_TRACK": "True",
            "MLSERVER_HOST": "127.0.0.1",
            "MLSERVER_HTTP_PORT": str(port),
            "MLSERVER_GRPC_PORT": str(port + 1),
            "MLSERVER_METRICS_PORT": str(port + 2),
            "MLSERVER_PARALLEL_WORKERS": str(CORES),
            "MLSERVER_DEBUG": "false",
            "RAY_SERVE_ENABLE_HA_PROXY": "1",  # several times as quick as its proxy in Python
            "RAY_USAGE_STATS_ENABLED": "0",
            "TF_CPP_MIN_LOG_LEVEL": "2",
        }
        return {**os.environ, "PYTHONPATH": str(ROOT), **(own if self.name == OURS else rival)}


SERVERS = (
    Server(OURS, "litert"),
    *(Server(name, kind) for name in _COMMANDS for kind in KINDS),
)
