"""What the server and its workers say to each other over a socket: a fixed head, then a body."""

from __future__ import annotations

from enum import IntEnum
from struct import Struct
from typing import NamedTuple


class Kind(IntEnum):
    """What a request carries."""

    PICTURE = 0
    INSTANCES = 1


class Request(NamedTuple):
    """Head of a request.

    Attributes
    ----------
    size : int
        Bytes of the body.
    kind : int
        A `Kind`.
    arrived : float
        When it had come in, in seconds of the monotonic clock, which all processes share.
    """

    size: int
    kind: int
    arrived: float


class Reply(NamedTuple):
    """Head of a reply.

    Attributes
    ----------
    size : int
        Bytes of the body, a JSON document.
    status : int
        HTTP status, `READY` or `BROKEN`.
    decode, invoke : float
        Seconds that the pictures took.
    """

    size: int
    status: int
    decode: float = 0.0
    invoke: float = 0.0


# A worker's first word: the model that it serves, or why it can't.
READY, BROKEN = 0, 1
REQUEST, REPLY = Struct("!IBd"), Struct("!IHdd")
