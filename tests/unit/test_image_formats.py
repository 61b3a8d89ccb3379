"""AVIF and HEIC are decoded like the other formats where they are allowed; what is not is named."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from signpost.errors import PictureError
from signpost.images.formats import DEFAULT_FORMATS, IMAGE_TYPES, content_type
from signpost.images.limits import Limits
from signpost.images.prepare import prepare
from signpost.images.thumbnails import measure, thumbnail
from signpost.settings.limits import LimitSettings
from tests.unit.sample_pictures import ORIENTATION, STORED, encode, gradient

SIZE = (32, 24)
EVERY = Limits(formats=tuple(IMAGE_TYPES))
# A gradient, turned by a property of the file and with an EXIF tag that says so again, as iPhones write it.
TURNED_HEIC = (Path(__file__).parent / "turned.heic").read_bytes()


def pixels(data: bytes, limits: Limits = EVERY) -> np.ndarray:
    return np.asarray(prepare(data, *SIZE, limits)).astype(int)


def avif(orientation: int = 1, **options: object) -> bytes:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    image = gradient()
    image = image.transpose(STORED[orientation]) if orientation in STORED else image
    return encode(image, "AVIF", exif=exif, quality=95, subsampling="4:4:4", **options)


def refusal(data: bytes, limits: Limits = EVERY) -> PictureError:
    with pytest.raises(PictureError) as caught:
        prepare(data, *SIZE, limits)
    assert caught.value.message.endswith(".")
    return caught.value


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_avif_is_turned_once(orientation: int):
    data = avif(orientation)
    assert np.abs(pixels(data) - pixels(encode(gradient(), "PNG"))).max() <= 6
    assert measure(data, EVERY) == (96, 64)


def test_a_heic_is_turned_once():
    assert np.abs(pixels(TURNED_HEIC) - pixels(encode(gradient(48, 32), "PNG"))).max() <= 8
    assert measure(TURNED_HEIC, EVERY) == (48, 32)
    with Image.open(io.BytesIO(thumbnail(TURNED_HEIC, 24, EVERY))) as shown:
        assert (shown.format, shown.size) == ("PNG", (24, 16))


def test_heic_has_to_be_allowed():
    error = refusal(TURNED_HEIC, Limits())
    assert error.code == "unsupported_type"
    assert error.message == (
        "The file is a HEIC image, a format that is switched off here; allowed are JPEG, PNG, WebP and AVIF."
    )
    assert pixels(TURNED_HEIC, LimitSettings(formats=("jpeg", "heic")).as_limits()).shape == (24, 32, 3)
    with pytest.raises(PictureError, match="a PNG image, a format that is switched off here; allowed is JPEG"):
        pixels(encode(gradient(), "PNG"), LimitSettings(formats=("jpeg",)).as_limits())


def test_the_animation_of_an_avif_has_a_first_frame():
    data = avif(save_all=True, append_images=[Image.new("RGB", (96, 64))])
    assert np.abs(pixels(data) - pixels(encode(gradient(), "PNG"))).max() <= 6


def test_transparency_of_an_avif_lies_over_white():
    image = Image.new("RGBA", (40, 40), (10, 20, 30, 0))
    assert pixels(encode(image, "AVIF", quality=100)).min() == 255


@pytest.mark.parametrize("data", [avif(), TURNED_HEIC], ids=["AVIF", "HEIC"])
def test_pixels_are_limited_before_they_are_decoded(data: bytes):
    at = data.index(b"ispe") + 8
    bomb = data[:at] + struct.pack(">II", 30_000, 30_000) + data[at + 8 :]
    error = refusal(bomb)
    assert error.code == "decompression_bomb"
    assert "30,000 × 30,000" in error.message
    # Decoders of these formats take more memory: two fifths of the pixels are allowed.
    few = Limits(max_pixels=2 * 48 * 32, formats=tuple(IMAGE_TYPES))
    assert refusal(avif(), few).code == "too_many_pixels"


@pytest.mark.parametrize("kind", [3, 5], ids=["numbers", "fractions"])
def test_a_crafted_orientation_costs_nothing(kind: int, monkeypatch: pytest.MonkeyPatch):
    # GIVEN an AVIF whose EXIF claims a million orientations
    count = 100_000
    tag = struct.pack("<HHI", 0x9286, 7, count)
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1) + tag + struct.pack("<II", 26, 0) + bytes(count)
    data = encode(gradient(), "AVIF", exif=exif).replace(tag, struct.pack("<HHI", ORIENTATION, kind, count // 8))
    # THEN no decoder looks at it
    monkeypatch.setattr(Image.Exif, "load", lambda *_: pytest.fail("EXIF was read"))
    assert pixels(data).shape == (24, 32, 3)


@pytest.mark.parametrize("data", [avif(), TURNED_HEIC], ids=["AVIF", "HEIC"])
def test_damage_is_no_fault_of_the_program(data: bytes):
    random = np.random.default_rng(0)
    for _ in range(60):
        damaged = bytearray(data[: random.integers(20, len(data))] if random.random() < 0.5 else data)
        for position in random.integers(12, len(damaged), random.integers(1, 6)):
            damaged[position] = random.integers(0, 256)
        try:
            assert prepare(bytes(damaged), *SIZE, EVERY).size == SIZE
        except PictureError as error:
            assert error.message.endswith(".")


def _frame(kind: int, bits: int) -> bytes:
    """Turn a JPEG's frame into one of another kind."""
    data = bytearray(encode(gradient(), "JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 1], data[at + 4] = kind, bits
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"\xff\x0a" + bytes(20), "a JPEG XL image"),
        (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(20), "a JPEG XL image"),
        (b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(20), "a JPEG 2000 image"),
        (b"\xff\x4f\xff\x51" + bytes(20), "a JPEG 2000 image"),
        (b"8BPS\0\1" + bytes(20), r"a Photoshop document \(PSD\)"),
        (b"\xff\xd8\xff\xf7" + bytes(20), "a JPEG-LS image"),
        (b"II\xbc\x01" + bytes(20), "a JPEG XR image"),
        (_frame(0xC1, 12), "a 12-bit JPEG"),
        (_frame(0xC2, 12), "a 12-bit JPEG"),
        (_frame(0xC3, 8), "a lossless JPEG"),
        (_frame(0xC3, 16), "a 16-bit lossless JPEG"),
        (_frame(0xC5, 8), "a hierarchical JPEG"),
        (b"II*\0" + bytes(20), "a TIFF"),
        (b"MM\0+" + bytes(20), "a TIFF"),
        (b"GIF89a" + bytes(20), "a GIF"),
        (b"BM" + bytes(20), "a BMP"),
        (b"\0\0\1\0" + bytes(20), r"an icon \(ICO\)"),
        (b"<svg/>", "SVG"),
        (b"%PDF-1.7", "a PDF"),
        (b"\0\0\0\x18ftypisom" + bytes(16), "a video"),
        (b"\0\0\0\x18ftypqt  " + bytes(16), "a video"),
        (bytes(40), "of an unknown type"),
    ],
)
def test_what_is_not_taken_is_named(data: bytes, name: str):
    with pytest.raises(PictureError, match=f"The file is {name}.*; allowed are .*JPEG") as caught:
        prepare(data, *SIZE, EVERY)
    assert caught.value.code == "unsupported_type"


@pytest.mark.parametrize("brands", [b"avif", b"mif1\0\0\0\0avif", b"avis\0\0\0\0msf1"])
def test_brands_of_avif(brands: bytes):
    assert content_type(struct.pack(">I", 8 + len(brands)) + b"ftyp" + brands) == "image/avif"


@pytest.mark.parametrize("brands", [b"heic", b"mif1\0\0\0\0mif1heic", b"msf1\0\0\0\0hevc", b"heix\0\0\0\0mif1"])
def test_brands_of_heic(brands: bytes):
    assert content_type(struct.pack(">I", 8 + len(brands)) + b"ftyp" + brands) == "image/heic"


def test_real_files(shared_data: Path):
    messy = shared_data / "messy"
    assert prepare((messy / "other_formats/samplefilehub.heif").read_bytes(), *SIZE, EVERY).size == SIZE
    assert refusal((messy / "decompression_bomb/17000x17000.avif").read_bytes()).code == "decompression_bomb"


def test_heic_is_off_by_default():
    assert LimitSettings().as_limits() == Limits()
    assert set(IMAGE_TYPES) - set(DEFAULT_FORMATS) == {"heic"}
