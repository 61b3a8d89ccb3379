"""A worker: a process that holds the model and answers one request after the other.

It knows no HTTP and no concurrency. So it may crash, hang or be killed: the server gives its requests to another.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
from contextlib import suppress
from pathlib import Path

from serving.classify import classify
from serving.errors import RequestError, error_body
from serving.frames import BROKEN, READY, REPLY, REQUEST, Kind, Reply, Request
from serving.logs import configure_logging
from signpost.errors import PackageError
from signpost.limits import Limits
from signpost.package import open_model_folder
from signpost.predictor import Predictor
from signpost.quiet import quiet_libraries

logger = logging.getLogger("serving")


def work(connection: socket.socket, model_dir: Path, limits: Limits) -> None:
    """Serve requests until the server closes the connection.

    Parameters
    ----------
    connection : socket
        To the server. The first reply is `READY` with the model's name and version, or `BROKEN` with the reason.
    model_dir : Path
        Holds a model package, unpacked or as ``model.tar.gz``.
    limits : Limits
        What a picture may cost.
    """
    # Whoever stops the server stops the group; requests under way are still to be answered.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with suppress(AttributeError, OSError):  # not every system has it, or allows it
        # To the system it is one that computes: it takes no turn from the server, which needs few and short ones.
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    configure_logging()
    try:
        with quiet_libraries():
            predictor = Predictor(open_model_folder(model_dir))
    except PackageError as error:
        _reply(connection, BROKEN, str(error).encode())
        return
    _reply(connection, READY, predictor.model.model_dump_json().encode())
    answer_all(connection, predictor, limits)


def answer_all(connection: socket.socket, predictor: Predictor, limits: Limits) -> None:
    """Answer requests, in their order, until the server closes the connection."""
    with connection.makefile("rb", buffering=2**16) as stream, suppress(ConnectionError):
        while len(head := stream.read(REQUEST.size)) == REQUEST.size:
            request = Request._make(REQUEST.unpack(head))
            body = stream.read(request.size)
            if len(body) == request.size:
                _answer(connection, predictor, limits, request, body)


def _answer(connection: socket.socket, predictor: Predictor, limits: Limits, request: Request, body: bytes) -> None:
    try:
        instances = request.kind == Kind.INSTANCES
        answer = classify(predictor, limits, body, instances=instances, arrived=request.arrived)
    except RequestError as error:
        _reply(connection, error.status, error_body(error.code, error.message))
    except Exception:
        logger.exception("fault")
        _reply(connection, 500, error_body("internal_error", "The server failed; its log says why."))
    else:
        timings = answer.timings_ms
        _reply(connection, 200, answer.model_dump_json().encode(), timings["decode"] / 1e3, timings["invoke"] / 1e3)


def _reply(connection: socket.socket, status: int, body: bytes, decode: float = 0.0, invoke: float = 0.0) -> None:
    connection.sendall(REPLY.pack(*Reply(len(body), status, decode, invoke)) + body)
