"""Which kinds of picture are taken, told by their content. Apart from imaging, so that the server needs no Pillow."""

from __future__ import annotations

from signpost.errors import PictureError

ALLOWED_FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
_ALLOWED = "allowed are JPEG, PNG and WebP"
_SIGNATURES = (
    (b"GIF8", "a GIF"),
    (b"BM", "a BMP"),
    (b"II*\0", "a TIFF"),
    (b"MM\0*", "a TIFF"),
    (b"\0\0\1\0", "an icon"),
    (b"%PDF", "a PDF"),
    (b"PK\3\4", "a ZIP archive"),
)


def content_type(data: bytes) -> str:
    """Tell a picture's type by its content, never by its name.

    Parameters
    ----------
    data : bytes
        The file, or at least its first 16 bytes.

    Returns
    -------
    str
        A MIME type of `ALLOWED_FORMATS`.

    Raises
    ------
    PictureError
        ``empty_file`` or ``unsupported_type``.
    """
    if not data:
        raise PictureError("empty_file", f"The file has 0 bytes; {_ALLOWED}.")
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    raise PictureError("unsupported_type", f"The file is {_name_type(data)}; {_ALLOWED}.")


def _name_type(data: bytes) -> str:
    for signature, name in _SIGNATURES:
        if data.startswith(signature):
            return name
    if data[4:8] == b"ftyp":
        return "a HEIC, AVIF or video file"
    head = data[:512].lstrip()
    if head.startswith(b"<"):
        return "SVG, HTML or other markup"
    if all(32 <= byte < 127 or byte in b"\t\r\n" for byte in head):
        return "text"
    return "of an unknown type"
