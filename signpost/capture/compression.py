"""Files that may be compressed by gzip, read as they come and never to more than a limit."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

_GZIP = b"\x1f\x8b"
_GZIP_WINDOW = 16 + zlib.MAX_WBITS  # zlib's number for gzip's header and checksum
_PIECE = 2**20
# Of one file. Captured images barely shrink: what grows far beyond its size is no captured data.
MAX_UNCOMPRESSED_BYTES = 2**30


class CompressionError(Exception):
    """A file's compressed data can't be read; the message says why."""


def is_compressed(head: bytes) -> bool:
    """Return whether a file that begins so is compressed."""
    return head.startswith(_GZIP)


def uncompressed(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Uncompress what its content shows to be gzip, and pass anything else on as it is.

    Raises
    ------
    CompressionError
        If the data is damaged, ends too early or grows beyond `MAX_UNCOMPRESSED_BYTES`.
    """
    iterator = iter(chunks)
    head = b""
    while len(head) < len(_GZIP) and (chunk := next(iterator, b"")):
        head += chunk
    if is_compressed(head):
        yield from _gunzip(head, iterator)
    elif head:
        yield head
        yield from iterator


def _gunzip(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    inflate, waiting, total = zlib.decompressobj(_GZIP_WINDOW), head, 0
    while waiting or (waiting := next(rest, b"")):
        if inflate.eof:  # several members may follow each other
            inflate = zlib.decompressobj(_GZIP_WINDOW)
        try:
            piece = inflate.decompress(waiting, _PIECE)
        except zlib.error as error:
            raise CompressionError("the compressed data is damaged") from error
        waiting = inflate.unconsumed_tail or inflate.unused_data
        total += len(piece)
        if total > MAX_UNCOMPRESSED_BYTES:
            raise CompressionError(f"the file has more than {MAX_UNCOMPRESSED_BYTES:,} bytes uncompressed")
        yield piece
    if not inflate.eof:
        raise CompressionError("the compressed data ends too early")
