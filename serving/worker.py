"""A worker: a process that holds the model and answers requests, small ones several at a time.

It knows no HTTP and no concurrency. So it may crash, hang or be killed: the server gives its requests to another.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from serving.classify import classify
from serving.errors import RequestError, error_body
from serving.frames import BROKEN, READY, REPLY, Reply, Request
from serving.inbox import Inbox
from serving.logs import configure_logging
from signpost.aws.quiet import quiet_libraries
from signpost.errors import PackageError
from signpost.images.limits import Limits
from signpost.model.package import open_model_folder
from signpost.model.predictor import Predictor
from signpost.routing.contracts import Answer

logger = logging.getLogger("serving")

# Requests are taken together as far as they take no longer than this, by the running mean of those before.
_TOGETHER_SECONDS, _WEIGHT = 0.004, 0.1


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
        connection.sendall(_reply(BROKEN, str(error).encode()))
        return
    connection.sendall(_reply(READY, predictor.model.model_dump_json().encode()))
    answer_all(connection, predictor, limits)


def answer_all(connection: socket.socket, predictor: Predictor, limits: Limits) -> None:
    """Answer requests, in their order, until the server closes the connection."""
    inbox, each = Inbox(connection), _TOGETHER_SECONDS
    with suppress(ConnectionError):
        while requests := inbox.take(max(1, int(_TOGETHER_SECONDS / each))):
            started = time.monotonic()
            connection.sendall(b"".join(_answer(predictor, limits, requests)))
            each += _WEIGHT * ((time.monotonic() - started) / len(requests) - each)
            del requests  # which may be large, and the next be long in coming


def _answer(predictor: Predictor, limits: Limits, requests: Sequence[tuple[Request, bytes]]) -> list[bytes]:
    try:
        return [_reply_of(answer) for answer in classify(predictor, limits, requests)]
    except Exception:
        if len(requests) > 1:  # alone, each fails for itself
            return [reply for request in requests for reply in _answer(predictor, limits, [request])]
        logger.exception("fault")
        return [_reply(500, error_body("internal_error", "The server failed; its log says why."))]


def _reply_of(answer: Answer | RequestError) -> bytes:
    if isinstance(answer, RequestError):
        return _reply(answer.status, error_body(answer.code, answer.message))
    timings = answer.timings_ms
    return _reply(200, answer.model_dump_json().encode(), timings["decode"] / 1e3, timings["invoke"] / 1e3)


def _reply(status: int, body: bytes, decode: float = 0.0, invoke: float = 0.0) -> bytes:
    return REPLY.pack(*Reply(len(body), status, decode, invoke)) + body
