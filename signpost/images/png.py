"""What a PNG's chunks tell before it is decoded (W3C PNG, section 5)."""

from __future__ import annotations

import zlib

from signpost.errors import PictureError

# Encoders write 4 KB or more to a chunk, so that 25 MB make 6,400. Two millions, all empty, took Pillow 5 seconds.
_MAX_CHUNKS = 100_000
# Pillow's own limit for what a chunk holds uncompressed.
MAX_PROFILE_BYTES = 2**20


def usable_chunks(data: bytes) -> bytes:
    """Make sure that a PNG has no more chunks than an image needs, and leave out a colour profile that grows too large.

    Parameters
    ----------
    data : bytes
        The file.

    Returns
    -------
    bytes
        The file, without a profile that has more than `MAX_PROFILE_BYTES` uncompressed: Pillow would refuse the image.

    Raises
    ------
    PictureError
        ``decompression_bomb``.
    """
    position = 8
    for _ in range(_MAX_CHUNKS):
        start = position
        position += 12 + int.from_bytes(data[start : start + 4])  # length, type and checksum have 4 bytes each
        if data[start + 4 : start + 8] == b"iCCP" and _grows(data[start + 8 : position - 4]):
            data, position = data[:start] + data[position:], start
        if position >= len(data):
            return data
    raise PictureError("decompression_bomb", "The PNG has far more chunks than a picture needs.")


def _grows(content: bytes) -> bool:
    """Return whether a profile has more bytes than allowed; its name and a byte for the method are before its data."""
    compressed = content[content.find(b"\0") + 2 :]
    try:
        return len(zlib.decompressobj().decompress(compressed, MAX_PROFILE_BYTES + 1)) > MAX_PROFILE_BYTES
    except zlib.error:
        return False
