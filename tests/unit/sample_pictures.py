"""Pictures that the tests draw, in every format and shape that cameras and software produce."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

from signpost.contracts import Prediction
from signpost.imaging import prepare
from signpost.limits import Limits
from signpost.predictor import Predictor

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


def png(width: int, height: int, scanlines: bytes, colour: int = 0, depth: int = 8) -> bytes:
    """Build a PNG by hand, with whatever size it is to claim."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(scanlines, 1)), (b"IEND", b""))
    file = b"\x89PNG\r\n\x1a\n"
    for name, data in parts:
        file += struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    return file


def flat_webp(width: int, height: int) -> bytes:
    """Build a WebP of one colour in 38 bytes, whatever its size: a flat picture's code takes no bits a pixel."""
    data = bytearray(encode(Image.new("RGB", (1, 1), (200, 20, 20)), "WEBP"))
    sizes = data.index(b"VP8L") + 9  # 14 bits each, less one (RFC 9649, 3.4)
    (bits,) = struct.unpack_from("<I", data, sizes)
    struct.pack_into("<I", data, sizes, bits & ~0xFFFFFFF | (height - 1) << 14 | (width - 1))
    return bytes(data)


def jpeg_of_many_scans(side: int, scans: int) -> bytes:
    """Build a small progressive JPEG whose last scan's header is repeated; each costs a pass over all pixels."""
    data = encode(Image.new("L", (side, side), 128), "JPEG", progressive=True)
    last = data.rfind(b"\xff\xda")
    header = data[last : last + 2 + int.from_bytes(data[last + 2 : last + 4])]
    return data[:-2] + scans * header + data[-2:]


def predict(predictor: Predictor, data: bytes) -> Prediction:
    """Answer as the model does without a server around it."""
    size = predictor.manifest.input
    return predictor.predict([prepare(data, size.width, size.height, Limits())])[0]
