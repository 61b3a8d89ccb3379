"""Pictures that the tests draw, in every format and shape that cameras and software produce."""

import io
import struct
import zlib
from collections.abc import Sequence

import numpy as np
from PIL import Image

from signpost.images.limits import Limits
from signpost.images.prepare import prepare
from signpost.model.predictor import Predictor
from signpost.routing.contracts import Prediction

ORIENTATION = 0x0112
# How the pixels lie in a file of this EXIF orientation (CIPA DC-008, table 6): the inverse of what a viewer does.
STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def gradient(width: int = 96, height: int = 64) -> Image.Image:
    """Draw a picture that looks different from every side: red rises to the right, green downwards, one blue corner."""
    y, x = np.mgrid[0:height, 0:width]
    blue = np.where((x < width // 3) & (y < height // 3), 200, 30)
    return Image.fromarray(np.stack([x * 255 // width, y * 255 // height, blue], axis=-1).astype(np.uint8))


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    """Encode a picture; JPEG at a quality that keeps its pixels."""
    buffer = io.BytesIO()
    defaults = {"JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"lossless": True}}.get(kind, {})
    image.save(buffer, kind, **{**defaults, **options})
    return buffer.getvalue()


def oriented(upright: Image.Image, orientation: int, kind: str) -> bytes:
    """Store a picture turned as a camera does, with the EXIF tag that says so."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    turned = upright.transpose(STORED[orientation]) if orientation in STORED else upright
    return encode(turned, kind, exif=exif)


def exif(size: int, kind: int) -> bytes:
    """Build EXIF whose orientation tag claims to fill it with values of a TIFF type: 3 for SHORT, 5 for fractions."""
    count = size // {3: 2, 5: 8}[kind]
    return b"II*\0" + struct.pack("<IHHHIII", 8, 1, ORIENTATION, kind, count, 26, 0) + bytes(size)


def with_exif(size: int, kind: int) -> bytes:
    """Build a JPEG with as much of that as one takes, over as many segments as it needs."""
    data = exif(size, kind)
    pieces = (b"Exif\0\0" + data[at : at + 65_000] for at in range(0, len(data), 65_000))
    segments = b"".join(b"\xff\xe1" + struct.pack(">H", 2 + len(piece)) + piece for piece in pieces)
    plain = encode(gradient(), "JPEG")
    return plain[:2] + segments + plain[2:]


def png(
    width: int,
    height: int,
    scanlines: bytes,
    colour: int = 0,
    depth: int = 8,
    more: Sequence[tuple[bytes, bytes]] = (),
) -> bytes:
    """Build a PNG by hand, with whatever size it is to claim and more chunks behind its header."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = ((b"IHDR", header), *more, (b"IDAT", zlib.compress(scanlines, 1)), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def flat_webp(width: int, height: int) -> bytes:
    """Build a WebP of one colour in 38 bytes, whatever its size: a flat picture's code takes no bits a pixel."""
    data = bytearray(encode(Image.new("RGB", (1, 1), (200, 20, 20)), "WEBP"))
    sizes = data.index(b"VP8L") + 9  # 14 bits each, less one (RFC 9649, 3.4)
    (bits,) = struct.unpack_from("<I", data, sizes)
    struct.pack_into("<I", data, sizes, bits & ~0xFFFFFFF | (height - 1) << 14 | (width - 1))
    return bytes(data)


def jpeg_of_many_scans(side: int, scans: int, between: bytes = b"") -> bytes:
    """Build a small progressive JPEG whose last scan's header is repeated; each costs a pass over all pixels.

    After the first of them, and after every 500, there are bytes that may lead a reader of markers astray.
    """
    data = encode(Image.new("L", (side, side), 128), "JPEG", progressive=True)
    last = data.rfind(b"\xff\xda")
    header = data[last : last + 2 + int.from_bytes(data[last + 2 : last + 4])]
    block = header + between + 499 * header
    return data[:-2] + scans // 500 * block + data[-2:]


def predict(predictor: Predictor, data: bytes) -> Prediction:
    """Answer as the model does without a server around it."""
    size = predictor.manifest.input
    return predictor.predict([prepare(data, size.width, size.height, Limits())])[0]
