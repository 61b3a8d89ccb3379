"""Hostile pickles: none of them may run, allocate or build anything."""

import os
import pickle
import pickletools
import struct
from pathlib import Path

import numpy as np
import pytest

from signpost.errors import DatasetError
from training.data.safe_pickle import load_arrays

PIXELS = np.arange(24, dtype=np.uint8).reshape(4, 6)


class _Calls:
    """Pickles as a call of a function."""

    def __init__(self, function, *arguments):
        self._call = function, arguments

    def __reduce__(self):
        return self._call


def _in_a_dict(value: object) -> bytes:
    return pickle.dumps({"data": value}, protocol=2)


def _global(module: str, name: str) -> bytes:
    return b"c" + f"{module}\n{name}\n".encode()


def _python_2(pixels: np.ndarray) -> bytes:
    """A dict as Python 2 and NumPy 1 wrote it: byte strings, and the module's old name."""
    raw = pixels.tobytes()
    shape = b"".join(b"K" + bytes([side]) for side in pixels.shape)
    return b"".join(
        (
            b"\x80\x02}q\x01(U\x04dataq\x02",
            _global("numpy.core.multiarray", "_reconstruct") + b"q\x03",
            _global("numpy", "ndarray") + b"q\x04",
            b"K\x00\x85q\x05U\x01bq\x06\x87q\x07Rq\x08(K\x01",
            shape + b"\x86q\x09",
            _global("numpy", "dtype") + b"q\x0aU\x02u1q\x0bK\x00K\x01\x87q\x0cRq\x0d",
            b"(K\x03U\x01|q\x0eNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tq\x0fb\x89",
            b"T" + struct.pack("<I", len(raw)) + raw + b"q\x10tq\x11b",
            b"U\x06labelsq\x12]q\x13(K\x01K\x02eu.",
        )
    )


def test_a_dict_that_python_2_wrote_is_read():
    loaded = load_arrays(_python_2(PIXELS))

    assert loaded["data"].tolist() == PIXELS.tolist()
    assert loaded["labels"] == [1, 2]


@pytest.mark.parametrize("array", [PIXELS, np.asfortranarray(PIXELS)], ids=["C", "Fortran"])
def test_a_dict_that_python_3_wrote_is_read(array: np.ndarray):
    loaded = load_arrays(pickle.dumps({b"data": array, "names": [b"bicycle"], "n": 4}, protocol=2))

    assert loaded["data"].tolist() == array.tolist()
    assert (loaded["names"], loaded["n"]) == ([b"bicycle"], 4)


@pytest.mark.parametrize(
    "hostile",
    [
        _Calls(os.system, "touch owned"),
        _Calls(eval, "open('owned', 'w')"),
        _Calls(exec, "open('owned', 'w')"),
        _Calls(getattr, "text", "upper"),
        _Calls(open, "owned", "w"),
        _Calls(np.load, "owned.npy"),
        _Calls(np.fromfile, "/etc/hostname"),
        _Calls(bytearray, 2**40),
        Path("owned"),
    ],
    ids=["system", "eval", "exec", "getattr", "open", "np.load", "np.fromfile", "bytearray", "object"],
)
def test_a_pickle_that_calls_something_is_refused_and_nothing_happens(hostile, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(DatasetError, match=r"asks for|uses"):
        load_arrays(_in_a_dict(hostile))

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("numpy", "ndarray.__class__"),
        ("numpy", "ndarray.tofile"),
        ("numpy", "core.multiarray"),
        ("_codecs", "encode.__globals__"),
        ("_codecs", "decode"),
        ("training.data.safe_pickle", "_STAND_INS"),
        ("builtins", "getattr"),
        ("__builtin__", "eval"),
        ("os", "system"),
        ("posix", "system"),
    ],
)
def test_names_are_compared_whole(module: str, name: str):
    with pytest.raises(DatasetError, match="asks for"):
        load_arrays(b"\x80\x02}U\x01a" + _global(module, name) + b"s.")


@pytest.mark.parametrize(
    ("module", "name", "state"),
    [
        ("_codecs", "encode", {"__globals__": {}}),
        ("_codecs", "encode", (None, {"_build": 1})),
        ("numpy", "ndarray", {"__setstate__": 1}),
        ("numpy.core.multiarray", "_reconstruct", (None, {"_build": 1})),
    ],
)
def test_a_pickle_cannot_change_what_it_looked_up(module: str, name: str, state: object):
    built = pickle.dumps(state, protocol=2)[2:-1]

    with pytest.raises(DatasetError, match="change a function"):
        load_arrays(b"\x80\x02}U\x01a" + _global(module, name) + built + b"bs.")

    assert load_arrays(_python_2(PIXELS))["data"].shape == PIXELS.shape


@pytest.mark.parametrize("opcode", [b"\x81", b"i", b"o", b"\x82\x01", b"P1\n", b"Q", b"\x93", b"\x94"])
def test_opcodes_that_no_dataset_needs_are_refused(opcode: bytes):
    extra = b"os\nsystem\n" if opcode == b"i" else b""

    with pytest.raises(DatasetError, match=r"uses|damaged"):
        load_arrays(b"\x80\x02}U\x01a(N)" + opcode + extra + b"s.")


def test_newer_protocols_are_refused():
    with pytest.raises(DatasetError, match="uses"):
        load_arrays(pickle.dumps({"data": PIXELS}, protocol=5))


@pytest.mark.parametrize(
    "array",
    [np.array([print, 1], dtype=object), np.zeros(3), np.zeros(2, "U4"), np.zeros(1, [("a", "u1")])],
    ids=["objects", "floats", "text", "records"],
)
def test_only_arrays_of_bytes_are_built(array: np.ndarray):
    with pytest.raises(DatasetError, match="array of type"):
        load_arrays(_in_a_dict(array))


def _claims_shape(shape: bytes) -> bytes:
    return _python_2(PIXELS).replace(b"K\x04K\x06\x86", shape)


@pytest.mark.parametrize(
    "shape",
    [b"J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86", b"J\xff\xff\xff\xffJ\xe8\xff\xff\xff\x86", b"K\x04\x85", b"N", b"]"],
    ids=["huge", "negative", "too small", "none", "list"],
)
def test_a_lying_shape_is_refused_before_anything_is_allocated(shape: bytes):
    with pytest.raises(DatasetError, match="shape"):
        load_arrays(_claims_shape(shape))


def _doubled(times: int) -> bytes:
    """A tuple of twice the former tuple, over and over: few bytes, and more leaves than there are atoms."""
    twice = b"".join(b"h" + bytes([n]) + b"h" + bytes([n]) + b"\x86q" + bytes([n + 1]) for n in range(times))
    return b")q\x00" + twice


@pytest.mark.parametrize("doubled", [_doubled(200), _doubled(200).replace(b")q\x00", b")q\x01q\x00")])
def test_a_tuple_cannot_grow_over_and_over(doubled: bytes):
    with pytest.raises(DatasetError, match="uses a tuple again"):
        load_arrays(b"\x80\x02}" + doubled + b"K\x01s.")
    with pytest.raises(DatasetError, match="uses a tuple again"):
        load_arrays(_claims_shape(doubled))


def test_a_shape_of_many_sides_is_refused():
    with pytest.raises(DatasetError, match="strange shape"):
        load_arrays(_claims_shape(b"(" + b"J\xff\xff\xff\x7f" * 100_000 + b"t"))


def test_a_memo_index_cannot_allocate_memory():
    with pytest.raises(DatasetError, match="memo entry"):
        load_arrays(b"\x80\x02}r\xff\xff\xff\xff.")


def test_a_string_cannot_claim_to_be_longer_than_the_file():
    with pytest.raises(DatasetError, match="damaged"):
        load_arrays(b"\x80\x02}U\x01aX\xff\xff\xff\x7fabcs.")


def test_one_string_cannot_be_encoded_over_and_over():
    encode = _global("_codecs", "encode")
    once = b"h\x00h\x01h\x02\x86R"  # memo 0: encode, 1: the text, 2: latin1
    text = b"X" + struct.pack("<I", 10_000) + b"a" * 10_000
    bomb = (
        b"\x80\x02}U\x01a](" + encode + b"q\x00" + text + b"q\x01X\x06\x00\x00\x00latin1q\x02" + once * 2_000 + b"es."
    )
    assert len(list(pickletools.genops(bomb))) > 8_000

    with pytest.raises(DatasetError, match="beyond its own size"):
        load_arrays(bomb)


@pytest.mark.parametrize("content", [b"", b"\x80\x02", b"not a pickle", b"\x80\x02]."], ids=repr)
def test_what_is_no_pickled_dict_is_refused(content: bytes):
    with pytest.raises(DatasetError, match=r"damaged|uses|expected a dict"):
        load_arrays(content)
