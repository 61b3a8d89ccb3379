"""Starts the model server: ``python -m serving``."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from pathlib import Path

import uvicorn

from serving.app import make_app
from serving.inference import Inference
from serving.logs import configure_logging
from serving.settings import read_settings
from signpost.errors import PackageError, SettingsError
from signpost.limits import Limits
from signpost.package import MANIFEST, Package, open_package

logger = logging.getLogger("serving")
_ARCHIVE = "model.tar.gz"
# SageMaker and Docker kill 30 and 10 seconds after SIGTERM.
_DRAIN_SECONDS = 9
# Longer than the usual 60 seconds of clients and load balancers, so that they close idle connections, not we.
_KEEP_ALIVE_SECONDS = 75

_EPILOG = """environment:
  SIGNPOST_HOST       address to listen on (0.0.0.0, as a container needs it; outside one set 127.0.0.1)
  SIGNPOST_PORT       port (8080; 0 takes any free port and logs which)
  SIGNPOST_MODEL_DIR  folder with a model package, unpacked or as model.tar.gz (/opt/ml/model)
"""


def main() -> int:
    """Serve until SIGTERM or SIGINT.

    Returns
    -------
    int
        Exit code: 0 after a signal, 1 if the model can't be loaded, 2 for wrong settings. (If the port is taken,
        uvicorn itself exits with 3.)
    """
    parser = argparse.ArgumentParser(
        prog="python -m serving",
        description="Serves a model package over HTTP: GET /ping, POST /invocations.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("serve", nargs="?", choices=["serve"], help="what SageMaker calls; changes nothing")
    parser.parse_args()
    configure_logging()
    # uvicorn raises the signal again once it has drained; without this the exit code would call that a crash.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    try:
        settings = read_settings(os.environ)
        inference = Inference(load(settings.model_dir), Limits(), threads=os.cpu_count() or 1)
    except SettingsError as error:
        logger.error("wrong settings: %s", error)
        return 2
    except PackageError as error:
        logger.error("can't serve: %s", error)
        return 1
    logger.info("model loaded", extra={"fields": inference.model.model_dump()})
    uvicorn.run(
        make_app(inference),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
    )
    return 0


def load(folder: Path) -> Package:
    """Open the package of a model folder.

    Parameters
    ----------
    folder : Path
        Holds the unpacked package, or its ``model.tar.gz``.

    Returns
    -------
    Package

    Raises
    ------
    PackageError
        If it holds neither, or the package is broken.
    """
    if (folder / MANIFEST).is_file():
        return open_package(folder)
    if (folder / _ARCHIVE).is_file():
        return open_package(folder / _ARCHIVE)
    raise PackageError(f"no model package in {folder}: expected {MANIFEST} and model.tflite, or {_ARCHIVE}")


if __name__ == "__main__":
    sys.exit(main())
