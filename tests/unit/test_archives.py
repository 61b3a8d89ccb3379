"""A tar archive is read and unpacked within its bounds, whatever it claims."""

import io
import struct
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signpost.errors import ArchiveError
from signpost.model.archives import TarBounds, read_tar, unpack_tar

MEGABYTE = 2**20
BOUNDS = TarBounds(total_bytes=8 * MEGABYTE, member_bytes=4 * MEGABYTE, members=20)


class Zeros(io.RawIOBase):
    """An archive that never ends, as a small gzip file can be; counts what was read of it."""

    def __init__(self, head: bytes) -> None:
        self.head, self.taken = io.BytesIO(head), 0

    def read(self, size: int = -1) -> bytes:
        data = (self.head.read(size) + bytes(size))[:size]
        self.taken += len(data)
        return data


def member(name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE, **changes: object) -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, len(content)
    for key, value in changes.items():
        setattr(info, key, value)
    return info.tobuf(tarfile.GNU_FORMAT) + content + bytes(-len(content) % 512)


def tar(*members: bytes) -> io.BytesIO:
    return io.BytesIO(b"".join(members) + bytes(1024))


def sparse(size: int) -> bytes:
    """A file that claims to be almost nothing but holes (GNU tar's old format)."""
    header = bytearray(member("holes", kind=tarfile.GNUTYPE_SPARSE))
    header[386:410] = b"%011o\0" % 0 + b"%011o\0" % 0
    header[483:495] = b"%011o\0" % size
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


def test_files_are_read_and_unpacked(tmp_path: Path):
    name = "deep/" * 40 + "file"
    data = tar(member("./one", b"1" * 1000), member("empty"), member("f", kind=tarfile.DIRTYPE), member(name, b"2"))
    expected = {"one": b"1" * 1000, "empty": b"", name: b"2"}

    assert dict(read_tar(data, BOUNDS)) == expected
    assert dict(read_tar(io.BytesIO(data.getvalue()), BOUNDS, wanted="empty".__eq__)) == {"empty": b""}
    unpack_tar(io.BytesIO(data.getvalue()), tmp_path, BOUNDS)
    assert {str(file.relative_to(tmp_path)): file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == (
        expected
    )


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE])
@pytest.mark.parametrize("before", [b"", member("one", b"1" * 1000)], ids=["first", "second"])
def test_a_header_that_claims_gigabytes_takes_no_memory(kind: bytes, before: bytes, tmp_path: Path):
    hostile = Zeros(before + member("long", kind=kind, size=2 * 2**30))

    with pytest.raises(ArchiveError, match="a header has more than 1,048,576 bytes"):
        unpack_tar(hostile, tmp_path, BOUNDS)
    assert hostile.taken < 2 * MEGABYTE


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ([member("big", size=5 * MEGABYTE)], "has 5,242,880 bytes, at most 4,194,304"),
        ([member(f"{n}", bytes(3 * MEGABYTE)) for n in range(3)], "unpacks to more than 8,388,608 bytes"),
        ([member(f"{n}") for n in range(21)], "more than 20 members"),
        ([sparse(2**30)], "has 1,073,741,824 bytes"),
        ([sparse(3 * MEGABYTE)] * 3, "unpacks to more than"),
        ([member("below", size=-512)], "damaged|below zero"),
        ([member("next", b"x\0", kind=tarfile.GNUTYPE_LONGNAME)] * 900, "damaged"),
    ],
    ids=["member", "total", "members", "holes", "many holes", "negative", "chain of headers"],
)
def test_what_is_too_much_is_refused(members: list[bytes], says: str, tmp_path: Path):
    data = tar(*members).getvalue()
    with pytest.raises(ArchiveError, match=says):
        list(read_tar(io.BytesIO(data), BOUNDS))
    with pytest.raises(ArchiveError, match=says):
        unpack_tar(io.BytesIO(data), tmp_path, BOUNDS)


@pytest.mark.parametrize(
    "hostile",
    [
        member("../outside", b"x"),
        member("link", kind=tarfile.SYMTYPE, linkname="/etc/hostname"),
        member("hard", kind=tarfile.LNKTYPE, linkname="one"),
        member("pipe", kind=tarfile.FIFOTYPE),
    ],
    ids=["outside", "link", "hard link", "pipe"],
)
def test_what_is_no_plain_file_inside_is_not_unpacked(hostile: bytes, tmp_path: Path):
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(ArchiveError):
        unpack_tar(tar(hostile), folder, BOUNDS)
    assert list(tmp_path.rglob("*")) == [folder]


def _cut(data: bytes) -> bytes:
    return data[:700]


def _no_tar(_data: bytes) -> bytes:
    return b"no archive at all\n" * 100


@pytest.mark.parametrize("damage", [_cut, _no_tar, lambda _data: b""], ids=["cut", "text", "empty"])
def test_damage_is_said(damage: Callable[[bytes], bytes]):
    data = damage(tar(member("one", b"1" * 1000)).getvalue())
    with pytest.raises(ArchiveError, match="damaged or no tar archive"):
        list(read_tar(io.BytesIO(data), BOUNDS))


PAX = b"30 GNU.sparse.realsize=-999\n\n\n" + b"17 size=99999999\n"
SEEDS = [
    tar(member("one", b"1" * 600), member("d" * 150, b"2")).getvalue(),
    tar(member("pax", PAX, kind=tarfile.XHDTYPE), member("one", b"1")).getvalue(),
    tar(sparse(5000), member("last", b"3")).getvalue(),
]


@given(
    data=st.sampled_from(SEEDS),
    changes=st.lists(st.tuples(st.integers(0, 3000), st.binary(min_size=1, max_size=12)), max_size=4),
)
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_damage_is_an_archive_error_or_nothing(data: bytes, changes: list[tuple[int, bytes]]):
    damaged = bytearray(data)
    for at, new in changes:
        at %= len(damaged)
        damaged[at : at + len(new)] = new[: len(damaged) - at]
    for start in range(0, len(damaged) - 511, 512):  # a right checksum, so that damage gets further than that
        header = damaged[start : start + 512]
        header[148:156] = b" " * 8
        if damaged[start + 257 : start + 262] == b"ustar":
            struct.pack_into("8s", damaged, start + 148, b"%06o\0 " % sum(header))
    try:
        found = sum(len(content) for _, content in read_tar(io.BytesIO(bytes(damaged)), BOUNDS))
    except ArchiveError:
        return
    assert found <= BOUNDS.total_bytes
