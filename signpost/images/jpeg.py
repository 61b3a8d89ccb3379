"""What a JPEG's markers tell before it is decoded (ITU-T T.81, annex B)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from signpost.errors import PictureError

# The first frame header that may be one: its kind, and the bits of a sample. B.2.2.
_FRAME = re.compile(rb"\xff([\xc0-\xc3\xc5-\xc7\xc9-\xcb\xcd-\xcf])..(.)", re.DOTALL)
_USUAL_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC9, 0xCA})  # baseline, extended and progressive, of either coding
_LOSSLESS_FRAMES = frozenset({0xC3, 0xC7, 0xCB, 0xCF})
_ALL_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
# In coded data a 0xFF byte is followed by 0. 0x01 and 0xD0 to 0xD7 stand alone and end no scan; 0xFF is a fill byte.
_MARKER = re.compile(rb"\xff([^\x00\x01\xd0-\xd7\xff])")
_END_OF_IMAGE, _START_OF_SCAN = 0xD9, 0xDA
_SEQUENTIAL_FRAMES = frozenset({0xC0, 0xC1})  # baseline and extended, by Huffman codes
# Only these are followed by a length. Decoders stop at the others or search on right behind them.
_WITH_LENGTH = frozenset({*range(0xC0, 0xC8), *range(0xC9, 0xD0), *range(0xDA, 0xE0), *range(0xE0, 0xF0), 0xFE})
# Metadata are APP0 to APP15 and comments, but APP0 (JFIF) and APP14 (Adobe) say what the colours mean.
_METADATA = frozenset({*range(0xE1, 0xEE), 0xEF, 0xFE})
_APP1 = b"\xff\xe1"
_ICC = b"ICC_PROFILE\0"
_EXIF, _XMP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"
# A picture has some dozens of segments; the metadata of 25 MB, at 64 KB each, take 400.
_MAX_SEGMENTS = 10_000
_MAX_HEADER_BYTES = 2**20


@dataclass(frozen=True)
class Header:
    """What comes before the first scan.

    Attributes
    ----------
    essential : bytes
        All that decoding needs, and nothing else.
    end : int
        Where in the file the first scan begins; the file's end if there is none.
    exif, xmp : bytes
        The first segment of each, at most 64 KB, without its identifier; empty where there is none.
    icc : bytes
        The colour profile; empty where there is none, or not all of it.
    one_scan : bool
        Whether the first scan holds the whole picture, so that decoders pass over no other.
    """

    essential: bytes
    end: int
    exif: bytes
    xmp: bytes
    icc: bytes
    one_scan: bool


def is_plain(data: bytes) -> bool:
    """Return at a glance whether `read_header` would find no metadata that counts, and nothing to refuse.

    Parameters
    ----------
    data : bytes
        The file.

    Returns
    -------
    bool
        False also where only `read_header` can tell.
    """
    if len(data) >= 2 * _MAX_SEGMENTS or _APP1 in data or _ICC in data:
        return False
    frame = _FRAME.search(data)
    return frame is not None and frame[1][0] in _USUAL_FRAMES and frame[2][0] == 8


def read_header(data: bytes) -> Header:
    """Separate what decoding needs from metadata, which a decoder would spend memory on.

    Parameters
    ----------
    data : bytes
        The file.

    Returns
    -------
    Header

    Raises
    ------
    PictureError
        ``decompression_bomb``, if it has far more segments than any picture; ``unsupported_type``, if it is of a kind
        that cameras and browsers don't write.
    """
    profile: dict[int, bytes] = {}
    essential, first = bytearray(data[:2]), {_EXIF: b"", _XMP: b""}
    end, components, one_scan = len(data), b"", False
    for kind, start, stop in _segments(data, 2):
        if kind == _START_OF_SCAN:
            end, one_scan = start, components == data[start + 4 : start + 5] != b""
        if kind in (_START_OF_SCAN, _END_OF_IMAGE):
            break
        if kind in _ALL_FRAMES:
            _check_frame(kind, data[start + 4 : start + 5])
        if kind in _SEQUENTIAL_FRAMES:
            components = data[start + 9 : start + 10]
        if kind not in _METADATA:
            essential += data[start:stop]
            if len(essential) > _MAX_HEADER_BYTES:
                raise _too_much()
        if kind == 0xE2 and data.startswith(_ICC, start + 4) and start + 18 <= stop <= len(data):
            profile[data[start + 16]] = data[start + 18 : stop]
        for name in first:
            if kind == 0xE1 and not first[name] and data.startswith(name, start + 4):
                first[name] = data[start + 4 + len(name) : stop]
    return Header(bytes(essential), end, first[_EXIF], first[_XMP], _joined(profile), one_scan)


def _check_frame(kind: int, bits: bytes) -> None:
    """Refuse what scanners and medical devices write: decoders disagree on it."""
    if kind in _USUAL_FRAMES and bits == b"\x08":
        return
    name = "lossless " if kind in _LOSSLESS_FRAMES else "hierarchical " if kind not in _USUAL_FRAMES else ""
    depth = f"{bits[0]}-bit " if bits and bits != b"\x08" else ""
    raise PictureError(
        "unsupported_type", f"The file is a {depth}{name}JPEG; allowed are baseline and progressive JPEGs with 8 bits."
    )


def _joined(profile: dict[int, bytes]) -> bytes:
    """Join the parts of a profile, which are numbered from 1 (ICC.1, B.4)."""
    return b"".join(profile.get(number, b"") for number in range(1, len(profile) + 1))


def has_more_scans(data: bytes, most: int) -> bool:
    """Tell whether the first picture of a JPEG file has more scans than allowed.

    Thumbnails, metadata and whatever follows the picture (a video in a motion photo) don't count.

    Parameters
    ----------
    data : bytes
        The file.
    most : int
        Scans that are allowed.

    Returns
    -------
    bool

    Raises
    ------
    PictureError
        ``decompression_bomb``, if it has far more segments than any picture.
    """
    scans = 0
    for kind, _start, _stop in _segments(data, 2):
        if kind == _END_OF_IMAGE:
            return False
        scans += kind == _START_OF_SCAN
        if scans > most:
            return True
    return False


def _segments(data: bytes, position: int) -> Iterator[tuple[int, int, int]]:
    """Walk from marker to marker as decoders do; yields the marker's second byte, start and end of its segment."""
    for _ in range(_MAX_SEGMENTS):
        marker = _MARKER.search(data, position)
        if marker is None:
            return
        kind, position = marker[1][0], marker.end()
        if kind in _WITH_LENGTH:
            position += max(2, int.from_bytes(data[position : position + 2]))
        yield kind, marker.start(), position
    raise _too_much()


def _too_much() -> PictureError:
    return PictureError("decompression_bomb", "The JPEG has far more segments than a picture needs.")
