"""What a PNG's chunks tell before it is decoded (W3C PNG, section 5)."""

from __future__ import annotations

from signpost.errors import PictureError

# Encoders write 4 KB or more to a chunk, so that 25 MB make 6,400. Two millions, all empty, took Pillow 5 seconds.
_MAX_CHUNKS = 100_000


def check_chunks(data: bytes) -> None:
    """Make sure that a PNG has no more chunks than a picture needs.

    Parameters
    ----------
    data : bytes
        The file.

    Raises
    ------
    PictureError
        ``decompression_bomb``.
    """
    position = 8
    for _ in range(_MAX_CHUNKS):
        position += 12 + int.from_bytes(data[position : position + 4])  # length, type and checksum have 4 bytes each
        if position >= len(data):
            return
    raise PictureError("decompression_bomb", "The PNG has far more chunks than a picture needs.")
