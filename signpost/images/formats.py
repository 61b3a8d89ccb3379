"""Image formats, recognised by their content. Apart from the decoders, so that the server needs no Pillow."""

from __future__ import annotations

from collections.abc import Collection

from signpost.errors import PictureError

# By the word for it in signpost.toml.
IMAGE_TYPES = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "avif": "image/avif",
    "heic": "image/heic",
}
# HEIC needs a library of its own, which is installed where the settings name it.
DEFAULT_FORMATS = ("jpeg", "png", "webp", "avif")
# What clients declare: the registered types, other names for them, "some bytes", and SageMaker's "an image".
# The content decides.
MEDIA_TYPES = (*IMAGE_TYPES.values(), "image/heif", "image/jpg", "application/octet-stream", "application/x-image")
_NAMES = {"jpeg": "JPEG", "png": "PNG", "webp": "WebP", "avif": "AVIF", "heic": "HEIC"}
_JPEG_2000 = (b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51")
_JPEG_XL = (b"\0\0\0\x0cJXL \r\n\x87\n", b"\xff\x0a")
_SIGNATURES = (
    (b"GIF8", "a GIF"),
    (b"BM", "a BMP"),
    (b"II\xbc\x01", "a JPEG XR image"),
    (b"II", "a TIFF or a camera's raw image"),
    (b"MM\0", "a TIFF or a camera's raw image"),
    (b"8BPS", "a Photoshop document (PSD)"),
    (b"\0\0\1\0", "an icon (ICO)"),
    (b"%PDF", "a PDF"),
    (b"PK\3\4", "a ZIP archive"),
    (b"\xff\xd8\xff\xf7", "a JPEG-LS image"),
    *((signature, "a JPEG 2000 image") for signature in _JPEG_2000),
    *((signature, "a JPEG XL image") for signature in _JPEG_XL),
)
# Brands of ISO base media files (ISO/IEC 23000-22 and 23008-12, AV1 image file format).
_AVIF_BRANDS = {b"avif", b"avis"}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}


def image_format(data: bytes, allowed: Collection[str] = DEFAULT_FORMATS) -> str:
    """Recognise an image's format by its content, never by its name.

    Parameters
    ----------
    data : bytes
        The file, or at least its first 512 bytes.
    allowed : collection of str
        Formats that are taken, of `IMAGE_TYPES`.

    Returns
    -------
    str
        One of ``allowed``.

    Raises
    ------
    PictureError
        ``empty_file`` or ``unsupported_type``.
    """
    if not data:
        raise PictureError("empty_file", f"The file has 0 bytes; {allowed_formats(allowed)}.")
    found = _recognise(data)
    if found and found in allowed:
        return found
    if found:
        reason = f"The file is {_article(_NAMES[found])} image, a format that is switched off here"
    else:
        reason = f"The file is {_name_type(data)}"
    raise PictureError("unsupported_type", f"{reason}; {allowed_formats(allowed)}.")


def content_type(data: bytes, allowed: Collection[str] = tuple(IMAGE_TYPES)) -> str:
    """Return an image's MIME type by its content; see `image_format`."""
    return IMAGE_TYPES[image_format(data, allowed)]


def allowed_formats(allowed: Collection[str]) -> str:
    """Return the accepted formats as the end of a sentence."""
    names = [name for word, name in _NAMES.items() if word in allowed]
    return f"allowed are {', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else f"allowed is {names[0]}"


def _recognise(data: bytes) -> str | None:
    if data.startswith(b"\xff\xd8\xff") and data[3:4] != b"\xf7":
        return "jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "webp"
    brands = _brands(data)
    if brands & _AVIF_BRANDS:
        return "avif"
    return "heic" if brands & _HEIC_BRANDS else None


def _brands(data: bytes) -> set[bytes]:
    """Return the brands that an ISO base media file claims; empty for any other file."""
    if data[4:8] != b"ftyp":
        return set()
    end = min(int.from_bytes(data[:4]), 512)
    return {data[8:12], *(data[at : at + 4] for at in range(16, end, 4))}


def _name_type(data: bytes) -> str:
    for signature, name in _SIGNATURES:
        if data.startswith(signature):
            return name
    if data[4:8] == b"ftyp":
        return "a video or another file in MP4's format"
    head = data[:512].lstrip()
    if head.startswith(b"<"):
        return "SVG, HTML or other markup"
    if all(32 <= byte < 127 or byte in b"\t\r\n" for byte in head):
        return "text"
    return "of an unknown type"


def _article(name: str) -> str:
    return f"an {name}" if name[0] in "AEIO" else f"a {name}"
