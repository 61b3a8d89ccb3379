"""Reads the pickles of image datasets without trusting them.

A pickle is a program. Three walls stand between it and the machine:

1. only the opcodes that Python 2 wrote for numbers, strings, lists, dicts and arrays are let through;
2. the only names that it can look up are those of `_STAND_INS`, by exact match;
3. these names lead to stand-ins of ours and never to NumPy's own constructors, so that a lying shape or an array of
   objects is refused before anything is allocated.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signpost.errors import DatasetError

_OPCODES = frozenset(
    (
        "PROTO", "STOP", "MARK", "EMPTY_DICT", "EMPTY_LIST", "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3",
        "SETITEM", "SETITEMS", "APPEND", "APPENDS", "NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2",
        "BINFLOAT", "BINSTRING", "SHORT_BINSTRING", "BINUNICODE", "BINPUT", "LONG_BINPUT", "BINGET", "LONG_BINGET",
        "GLOBAL", "REDUCE", "BUILD",
    )
)  # fmt: skip
_MEMO_WRITES = ("BINPUT", "LONG_BINPUT")
_TUPLES = ("EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3")
_DTYPES = ("u1", "|u1")
_MOST_AXES = 4


def load_arrays(data: bytes) -> dict[str, Any]:
    """Load a pickled dict as dataset archives hold it.

    Parameters
    ----------
    data : bytes
        A pickle of protocol 2 or below, written by Python 2 or 3.

    Returns
    -------
    dict
        Its keys as strings; arrays are read-only ndarrays of uint8; strings written by Python 2 are bytes.

    Raises
    ------
    DatasetError
        If it is anything else than a dict of numbers, strings, lists and byte arrays.
    """
    try:
        _check_opcodes(data)
        loaded = _Unpickler(data).load()
    except DatasetError:
        raise
    except Exception as error:  # a hostile pickle can raise anything on its way
        raise DatasetError(f"the pickle is damaged or was not written by a dataset: {error}") from error
    if not isinstance(loaded, dict):
        raise DatasetError(f"the pickle holds a {type(loaded).__name__}, expected a dict")
    return {_text(key): value.array() if isinstance(value, _Array) else value for key, value in loaded.items()}


def _check_opcodes(data: bytes) -> None:
    former, tuples = "", set[object]()
    for count, (opcode, argument, position) in enumerate(pickletools.genops(data)):
        if opcode.name not in _OPCODES:
            raise DatasetError(f"the pickle uses {opcode.name} at byte {position}: not what a dataset needs")
        # The memo is an array: one write at index 4 billion would allocate 64 GB.
        if opcode.name in _MEMO_WRITES and isinstance(argument, int) and argument > count:
            raise DatasetError(f"the pickle claims memo entry {argument} at byte {position} after {count} steps")
        if opcode.name in _MEMO_WRITES:
            if former in _TUPLES:
                tuples.add(argument)
            continue
        # Forty tuples, each twice the one before, would take days to hash; array data never uses a tuple again.
        if opcode.name in ("BINGET", "LONG_BINGET") and argument in tuples:
            raise DatasetError(f"the pickle uses a tuple again at byte {position}: not what a dataset needs")
        former = opcode.name


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("latin1")
    if isinstance(value, str):
        return value
    raise DatasetError(f"the pickle has a {type(value).__name__} where a name is expected")


class _Unpickler(pickle.Unpickler):
    """Looks names up in `_STAND_INS` and nowhere else."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data), encoding="bytes")
        self._encoder = _Encoder(budget=len(data))

    def find_class(self, module: str, name: str, /) -> object:
        if (module, name) == ("_codecs", "encode"):
            return _StandIn(self._encoder.encode)
        if (module, name) not in _STAND_INS:
            raise DatasetError(f"the pickle asks for {module}.{name}: a dataset needs nothing but arrays")
        return _STAND_INS[module, name]


class _StandIn:
    """Takes the place of a name; a pickle can call it and change nothing about it."""

    __slots__ = ("_build",)

    def __init__(self, build: Callable[..., object]) -> None:
        self._build = build

    def __call__(self, *arguments: object) -> object:
        return self._build(*arguments)

    def __setstate__(self, state: object) -> None:
        raise DatasetError("the pickle tries to change a function")


class _Encoder:
    """How Python 3 writes bytes for protocol 2; bounded, as one string can be encoded many times over."""

    def __init__(self, budget: int) -> None:
        self._budget = budget

    def encode(self, text: object, encoding: object) -> bytes:
        if not isinstance(text, str) or encoding not in ("latin1", b"latin1"):
            raise DatasetError("the pickle encodes something else than latin-1 text")
        self._budget -= len(text)
        if self._budget < 0:
            raise DatasetError("the pickle grows beyond its own size")
        return text.encode("latin1")


class _Dtype:
    """A NumPy dtype that can only be unsigned bytes."""

    __slots__ = ()

    def __init__(self, code: object, *_flags: object) -> None:
        if _text(code) not in _DTYPES:
            raise DatasetError(f"the pickle has an array of type {_text(code)!r}, allowed is u1 (unsigned bytes)")

    def __setstate__(self, state: object) -> None:
        """Byte order and alignment: neither matters for bytes."""


class _Array:
    """An array whose shape and bytes must agree before it becomes one."""

    __slots__ = ("_bytes", "_order", "_shape")

    def __init__(self, *_prototype: object) -> None:
        self._shape: tuple[int, ...] = (0,)
        self._order: bool = False
        self._bytes: bytes = b""

    def __setstate__(self, state: tuple[object, object, object, object, object]) -> None:
        _version, shape, dtype, fortran, raw = state
        # A shape that is not plain is not printed: nested, a few bytes of pickle would be gigabytes of text.
        if not (isinstance(shape, tuple) and len(shape) <= _MOST_AXES and all(type(side) is int for side in shape)):
            raise DatasetError("the pickle has an array with a strange shape")
        if min(shape, default=0) < 0:
            raise DatasetError(f"the pickle has an array of shape {shape}")
        if not (isinstance(dtype, _Dtype) and isinstance(raw, bytes) and math.prod(shape) == len(raw)):
            raise DatasetError(f"the pickle has an array of shape {shape} whose bytes don't fit")
        self._shape, self._order, self._bytes = shape, bool(fortran), raw

    def array(self) -> NDArray[np.uint8]:
        return np.frombuffer(self._bytes, np.uint8).reshape(self._shape, order="F" if self._order else "C")


def _no_call(*_arguments: object) -> object:
    raise DatasetError("the pickle calls ndarray itself")


_STAND_INS = {
    ("numpy", "ndarray"): _StandIn(_no_call),
    ("numpy", "dtype"): _StandIn(_Dtype),
    ("numpy.core.multiarray", "_reconstruct"): _StandIn(_Array),
    ("numpy._core.multiarray", "_reconstruct"): _StandIn(_Array),
}
