"""From bytes of unknown worth to the exact pixels that a network eats.

Training, Serialize, the model server and the edge all call `prepare`, so the pixels that a model is asked about are
made as those it learned from.
"""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image

from signpost.errors import PictureError
from signpost.images.colour import Conversion, conversion_to_srgb
from signpost.images.decoders import VIDEO_SHARE, has_deep_transparency, open_image, share_of
from signpost.images.formats import image_format
from signpost.images.heif import claimed_size, without_exif
from signpost.images.jpeg import has_more_scans, is_plain, read_header
from signpost.images.jpeg_pixels import decode_jpeg, jpeg_size
from signpost.images.limits import MAX_SIDE, Limits
from signpost.images.orientation import orientation_of, read_orientation
from signpost.images.png import usable_chunks
from signpost.images.transparency import grey_of_16_bits, with_exact_transparency

# Flat pictures compress to about 250 pixels a byte (JPEG) and 1000 (PNG): a real one stays far below this.
_BOMB_PIXELS_PER_BYTE = 2000
# Scans × pixels ÷ allowed pixels. Real progressive pictures have about 10 scans; a crafted one of 240 KB held 5,000 and
# took 24 seconds.
_MAX_SCANS = 100
_STRIP_PIXELS = 1_000_000
_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, RuntimeError, struct.error, zlib.error, MemoryError)
_SWAPPED = 5  # the first orientation that swaps the sides
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def check_size(size: int, limits: Limits) -> None:
    """Make sure that a file is not too large to be read.

    Parameters
    ----------
    size : int
        Bytes of the file.
    limits : Limits
        What a picture may cost.

    Raises
    ------
    PictureError
        ``too_large``.
    """
    if size > limits.max_bytes:
        raise PictureError(
            "too_large", f"The file has {size:,} bytes; at most {limits.max_bytes:,} are allowed. Send it smaller."
        )


def prepare(data: bytes, width: int, height: int, limits: Limits) -> Image.Image:
    """Decode a picture and make the pixels that a network eats.

    Upright by its EXIF orientation, sRGB by its colour profile, transparency over white, stretched to the input size by
    an antialiased bilinear filter. A JPEG is decoded at a reduced scale where that still leaves at least twice the
    target in each direction. Of an animation the first frame counts.

    Parameters
    ----------
    data : bytes
        The file.
    width, height : int
        Input size of the network, in pixels.
    limits : Limits
        What the picture may cost.

    Returns
    -------
    PIL.Image.Image
        Mode RGB, exactly ``width`` × ``height``.

    Raises
    ------
    PictureError
        ``empty_file``, ``unsupported_type``, ``too_large``, ``too_many_pixels``, ``decompression_bomb``,
        ``truncated_image`` or ``corrupt_image``.
    """
    kind = image_format(data, limits.formats)
    check_size(len(data), limits)
    try:
        if kind == "jpeg":
            return _prepare_jpeg(data, width, height, limits)
        if kind == "png":
            data = usable_chunks(data)
        if kind in ("avif", "heic"):
            _check_pixels(claimed_size(data), VIDEO_SHARE, len(data), limits)
            data = without_exif(data)
        image = open_image(data, kind)
        _check_pixels(image.size, share_of(image), len(data), limits)
        if has_deep_transparency(image):
            with_exact_transparency(image, data)
        image.load()  # a PNG's metadata may follow its pixels
        return _finish(image, width, height, orientation_of(image), image.info.get("icc_profile"))
    except _DAMAGE as error:
        raise _undecodable(error) from error


def encode_png(image: Image.Image) -> bytes:
    """Encode prepared pixels without loss.

    Parameters
    ----------
    image : PIL.Image.Image
        Mode RGB.

    Returns
    -------
    bytes
        A PNG without metadata.
    """
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


def _prepare_jpeg(data: bytes, width: int, height: int, limits: Limits) -> Image.Image:
    header = None if is_plain(data) else read_header(data)
    orientation = read_orientation({"exif": header.exif, "xmp": header.xmp}) if header else 1
    profile = header.icc if header else None
    # Turning the small picture is cheaper than turning the large one.
    target = (height, width) if orientation >= _SWAPPED else (width, height)
    if size := jpeg_size(data):
        _check_pixels(size, 1, len(data), limits)
        if not (header and header.one_scan):
            _check_scans(data, size, limits)
        if (pixels := decode_jpeg(data, size, (2 * target[0], 2 * target[1]))) is not None:
            image = Image.frombytes("RGB", pixels.shape[1::-1], pixels)
            return _finish(image, width, height, orientation, profile)
    # What the quick decoder won't take, Pillow may, or says what is wrong. It would read all metadata at once and
    # without bounds, so it gets none.
    header = header or read_header(data)
    image = open_image(b"".join((header.essential, memoryview(data)[header.end :])), "jpeg")
    _check_pixels(image.size, share_of(image), len(data), limits)
    _check_scans(data, image.size, limits)
    image.draft("RGB", (2 * target[0], 2 * target[1]))
    return _finish(image, width, height, orientation, header.icc)


def _finish(image: Image.Image, width: int, height: int, orientation: int, profile: bytes | None) -> Image.Image:
    if orientation >= _SWAPPED:
        width, height = height, width
    small = _shrink(image, width, height, conversion_to_srgb(profile, image.mode))
    return small.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else small


def _check_scans(data: bytes, size: tuple[int, int], limits: Limits) -> None:
    # Each scan passes over all pixels, however few bytes it has. Counting bytes is quick and never too low.
    most = _MAX_SCANS * limits.max_pixels // (size[0] * size[1])
    if data.count(b"\xff\xda") > most and has_more_scans(data, most):
        raise PictureError(
            "decompression_bomb", "The JPEG has far more scans than a picture needs and was not decoded."
        )


def _check_pixels(size: tuple[int, int], share: float, file_size: int, limits: Limits) -> None:
    pixels = size[0] * size[1]
    most = int(limits.max_pixels * share)
    if pixels <= most and max(size) <= MAX_SIDE:
        return
    claim = f"{size[0]:,} × {size[1]:,} pixels"
    if pixels > _BOMB_PIXELS_PER_BYTE * file_size:
        raise PictureError(
            "decompression_bomb", f"The file claims {claim} in {file_size:,} bytes and was not opened further."
        )
    raise PictureError(
        "too_many_pixels",
        f"The picture has {claim}; at most {most:,} pixels are allowed, and {MAX_SIDE:,} on a side. Scale it down.",
    )


def _shrink(image: Image.Image, width: int, height: int, conversion: Conversion | None) -> Image.Image:
    """Convert an image of any mode to sRGB and to its size, with one full copy in memory and not five.

    Resizing filters along the rows first and along the columns after, so strips give exactly the pixels of the whole.
    """
    if image.mode == "RGB" and not conversion and not image.has_transparency_data:
        return image.resize((width, height), Image.Resampling.BILINEAR)
    narrow = Image.new("RGB", (width, image.height))
    rows = max(1, _STRIP_PIXELS // image.width)
    for top in range(0, image.height, rows):
        strip = _rgb(image.crop((0, top, image.width, min(top + rows, image.height))), conversion)
        narrow.paste(strip.resize((width, strip.height), Image.Resampling.BILINEAR), (0, top))
    return narrow.resize((width, height), Image.Resampling.BILINEAR)


def _rgb(image: Image.Image, conversion: Conversion | None) -> Image.Image:
    if image.mode == "I;16":
        image = grey_of_16_bits(image)
    if not image.has_transparency_data:
        return conversion.apply(image.convert(conversion.mode)) if conversion else image.convert("RGB")
    coloured = image.convert("RGBA")
    if conversion:
        alpha = coloured.getchannel("A")
        coloured = conversion.apply(coloured.convert("RGB").convert(conversion.mode)).convert("RGBA")
        coloured.putalpha(alpha)
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), coloured).convert("RGB")


def _undecodable(error: Exception) -> PictureError:
    if isinstance(error, MemoryError):
        return PictureError("too_many_pixels", "The picture needs more memory than there is. Scale it down.")
    if "truncated" in str(error).lower() or isinstance(error, EOFError):
        return PictureError("truncated_image", "The picture ends before its last pixel. Send it again, whole.")
    return PictureError("corrupt_image", "The picture is damaged and can't be decoded. Send it again.")
