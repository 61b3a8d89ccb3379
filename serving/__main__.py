"""Starts the model server: ``python -m serving``."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys

import uvicorn
import uvloop

from serving.app import make_app
from serving.logs import configure_logging
from serving.metrics import Metrics
from serving.settings import ServerSettings, read_settings
from serving.storage import fetch_package
from serving.workers import Workers
from signpost.errors import PackageError, SettingsError
from signpost.http.bounded import Bounds, bounded_protocol
from signpost.images.limits import Limits

logger = logging.getLogger("serving")
# SageMaker and Docker kill 30 and 10 seconds after SIGTERM.
_DRAIN_SECONDS = 9
# Longer than the usual 60 seconds of clients and load balancers, so that they close idle connections, not we.
_KEEP_ALIVE_SECONDS = 75
# What the routes do not end at a request's deadline, its connection's protocol does.
_GRACE_SECONDS = 0.5

_EPILOG = """environment:
  SIGNPOST_HOST        address to listen on (0.0.0.0, as a container needs it; outside one set 127.0.0.1)
  SIGNPOST_PORT        port (8080; 0 takes any free port and logs which)
  SIGNPOST_MODEL_DIR   folder with a model package, unpacked or as model.tar.gz (/opt/ml/model)
  SIGNPOST_WORKERS     processes that hold the model (as many as there are cores)
  SIGNPOST_QUEUE       requests that may wait for one; the next is answered 503 (128)
  SIGNPOST_QUEUE_MB    what they may hold in memory (256)
  SIGNPOST_DEADLINE_S  seconds from a request's first byte to its answer (30)
  SIGNPOST_CONNECTIONS open connections; the next is answered 503 and closed (512)
Vertex AI's AIP_HTTP_PORT, AIP_HEALTH_ROUTE, AIP_PREDICT_ROUTE and AIP_STORAGE_URI are read too.
"""


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT.

    Parameters
    ----------
    arguments : list of str or None
        Of the command line; None for those of this process.

    Returns
    -------
    int
        Exit code: 0 after a signal, 1 if the model can't be loaded, 2 for wrong settings. (If the port is taken,
        uvicorn itself exits with 1.)
    """
    parser = argparse.ArgumentParser(
        prog="python -m serving",
        description="Serves a model package over HTTP: GET /ping, POST /invocations, GET /metrics.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("serve", nargs="?", choices=["serve"], help="what SageMaker calls; changes nothing")
    parser.parse_args(arguments)
    configure_logging()
    # uvicorn raises the signal again once it has drained; without this the exit code would call that a crash.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    try:
        settings = read_settings(os.environ)
        with fetch_package(settings.storage_uri, settings.model_dir) as folder:
            return run(settings.model_copy(update={"model_dir": folder}))
    except SettingsError as error:
        logger.error("wrong settings: %s", error)
        return 2
    except PackageError as error:
        logger.error("can't serve: %s", error)
        return 1


def run(settings: ServerSettings) -> int:
    """Serve a package that lies in ``model_dir``.

    Raises
    ------
    PackageError
        If it can't be loaded.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(settings))


async def _serve(settings: ServerSettings) -> int:
    async with Workers(settings, Limits(), Metrics()) as workers:
        logger.info("model loaded", extra={"fields": workers.model})
        config = uvicorn.Config(
            make_app(workers, settings),
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            http=bounded_protocol(Bounds(settings.deadline_s + _GRACE_SECONDS, settings.connections)),
            ws="none",
            lifespan="off",
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_DRAIN_SECONDS,
        )
        await uvicorn.Server(config).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
