"""A bad picture gets a reason and a sentence, soon and in little memory; never anything else."""

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from signpost.errors import PictureError
from signpost.images.limits import Limits
from signpost.images.prepare import check_size, prepare
from tests.unit.sample_pictures import encode, exif, flat_webp, gradient, jpeg_of_many_scans, png, with_exif

# Pillow warns about the odd metadata that these tests are made of.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

# Prints what became of the picture and the most memory that the process ever held (VmHWM, kB).
_MEASURE = """
import sys
from pathlib import Path
from signpost.errors import PictureError
from signpost.images.prepare import prepare
from signpost.images.limits import Limits
try:
    result = str(prepare(Path(sys.argv[1]).read_bytes(), 32, 32, Limits()).size)
except PictureError as error:
    result = error.code
status = Path("/proc/self/status").read_text()
print(result, status.split("VmHWM:")[1].split()[0], sep=";")
"""


def code_of(data: bytes) -> str:
    with pytest.raises(PictureError) as caught:
        prepare(data, 32, 32, Limits())
    assert caught.value.message.endswith(".")
    return caught.value.code


@pytest.mark.parametrize(
    ("data", "code", "says"),
    [
        (b"", "empty_file", "0 bytes"),
        (b"just text, whatever its name says", "unsupported_type", "text"),
        (b"GIF89a" + bytes(20), "unsupported_type", "a GIF"),
        (b"\0\0\0\x18ftypheic", "unsupported_type", "HEIC"),
        (b"<svg/>", "unsupported_type", "SVG"),
        (b"%PDF-1.7", "unsupported_type", "PDF"),
        (b"\xff\xd8\xff", "corrupt_image", "damaged"),
        (b"RIFF\0\0\0\0WEBP", "corrupt_image", "damaged"),
    ],
)
def test_what_is_no_picture_is_named(data, code, says):
    with pytest.raises(PictureError, match=says) as caught:
        prepare(data, 32, 32, Limits())
    assert caught.value.code == code


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_truncated(kind):
    data = encode(Image.effect_noise((96, 64), 90), kind)
    assert code_of(data[: len(data) // 2]) == "truncated_image"


def test_truncated_webp():
    data = encode(gradient(), "WEBP", lossless=False)
    assert code_of(data[: len(data) // 2]) in {"truncated_image", "corrupt_image"}


def test_a_damaged_png_is_not_half_a_picture():
    # GIVEN a PNG whose data breaks off into nonsense in the middle of the pixels
    data = bytearray(encode(Image.effect_noise((96, 64), 90), "PNG"))
    middle = len(data) // 2
    data[middle : middle + 200] = bytes(200)
    assert code_of(bytes(data)) in {"truncated_image", "corrupt_image"}


def test_limits():
    with pytest.raises(PictureError, match="at most 10 ") as caught:
        check_size(11, Limits(max_bytes=10))
    assert caught.value.code == "too_large"
    picture = encode(gradient(20, 10), "PNG")
    assert prepare(picture, 8, 8, Limits(max_pixels=200)).size == (8, 8)
    with pytest.raises(PictureError, match="20 × 10 pixels; at most 199") as caught:
        prepare(picture, 8, 8, Limits(max_pixels=199))
    assert caught.value.code == "too_many_pixels"


def test_scans_of_thumbnails_and_of_what_follows_the_picture_are_allowed():
    # GIVEN a photograph with bytes behind it that look like scans, as in a motion photo
    data = encode(gradient(), "JPEG") + b"\xff\xda\0\0" * 1_000_000
    assert prepare(data, 32, 32, Limits()).size == (32, 32)


EMPTY, TABLE = b"\xff\xe0\0\2", b"\xff\xc4\xff\xff" + bytes(65_533)
# Functions, so that only the running test pays for its picture.
_HOSTILE: dict[str, Callable[[], bytes]] = {
    "100 megapixels": lambda: encode(Image.new("L", (10_000, 10_000)), "JPEG"),
    "png bomb": lambda: png(30_000, 30_000, bytes(1000)),
    "webp bomb": lambda: flat_webp(16_383, 16_383),
    "one pixel wide": lambda: png(1, 50_000_000, bytes(100_000_000)),
    "many scans": lambda: jpeg_of_many_scans(4000, 20_000),
    "transparent": lambda: png(7000, 7000, bytes(7000 * 28_001), colour=6),
    "transparent palette": lambda: encode(Image.new("P", (7000, 7000)), "PNG", transparency=0, compress_level=1),
    "sixteen bits": lambda: png(7000, 7000, bytes(7000 * 14_001), depth=16),
    "progressive": lambda: encode(Image.new("RGB", (7071, 7071), (9, 99, 0)), "JPEG", progressive=True),
    "progressive cmyk": lambda: encode(Image.new("CMYK", (5000, 5000), (9, 99, 0, 0)), "JPEG", progressive=True),
    "large cmyk": lambda: encode(Image.new("CMYK", (5001, 5000)), "JPEG"),
    "orientations": lambda: with_exif(24_000_000, 3),
    "fractions": lambda: with_exif(24_000_000, 5),
    "png orientations": lambda: png(8, 8, bytes(72), more=[(b"eXIf", exif(24_000_000, 3))]),
    "png of many chunks": lambda: png(8, 8, bytes(72), more=[(b"prIv", b"")] * 1_000_000),
    "jpeg of many segments": lambda: encode(gradient(), "JPEG").replace(
        b"\xff\xdb", EMPTY * 3_000_000 + b"\xff\xdb", 1
    ),
    "jpeg of many tables": lambda: encode(gradient(), "JPEG").replace(b"\xff\xdb", TABLE * 300 + b"\xff\xdb", 1),
    "largest webp": lambda: flat_webp(4472, 4472),
}


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this system has no /proc to read memory from")
@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("100 megapixels", "too_many_pixels"),
        ("png bomb", "decompression_bomb"),
        ("webp bomb", "decompression_bomb"),
        ("one pixel wide", "too_many_pixels"),
        ("many scans", "decompression_bomb"),
        ("transparent", "(32, 32)"),
        ("transparent palette", "(32, 32)"),
        ("sixteen bits", "(32, 32)"),
        ("progressive", "(32, 32)"),
        ("progressive cmyk", "(32, 32)"),
        ("large cmyk", "too_many_pixels"),
        ("orientations", "(32, 32)"),
        ("fractions", "(32, 32)"),
        ("png orientations", "(32, 32)"),
        ("png of many chunks", "decompression_bomb"),
        ("jpeg of many segments", "decompression_bomb"),
        ("jpeg of many tables", "decompression_bomb"),
        ("largest webp", "(32, 32)"),
    ],
)
def test_no_picture_takes_more_than_a_lambda_has(tmp_path, name, result):
    file = tmp_path / "picture"
    file.write_bytes(_HOSTILE[name]())
    command = [sys.executable, "-c", _MEASURE, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    found, kilobytes = done.stdout.strip().split(";")
    assert found == result
    assert int(kilobytes) < 400_000  # of 512 MB; the rest is the Lambda's own


# What libjpeg passes over on its way to the next scan; the lengths that some seem to have would hide 60 KB of scans.
_BETWEEN = {
    "nothing": b"",
    "a marker without a length": b"\xff\x01\xf0\0",
    "a restart": b"\xff\xd3\xf0\0",
    "a reserved marker": b"\xff\x02\xf0\0",
    "a second start": b"\xff\xd8\xf0\0",
    "fill bytes": b"\xff" * 9,
    "rubbish": b"\0\xff\0\xf0\0rubbish",
    "a comment": b"\xff\xfe\0\x06\xff\xd9\xff\xd9",
    "a comment of no length": b"\xff\xfe\0\0",
}


@pytest.mark.parametrize("between", _BETWEEN.values(), ids=_BETWEEN.keys())
def test_scans_are_counted_whatever_is_between_them(between):
    assert code_of(jpeg_of_many_scans(4000, 2000, between)) == "decompression_bomb"


def test_scans_that_hold_one_colour_each_are_counted():
    # GIVEN a sequential picture of three colours, with scans of one
    whole = encode(Image.new("RGB", (4000, 4000), "teal"), "JPEG", subsampling=0)
    first = whole.rfind(b"\xff\xda")
    scans = b"\xff\xda\0\x08\x01\x01\0\0\x3f\0" * 2000
    # THEN it is no better than a progressive one
    assert code_of(whole[:first] + scans + whole[first + 14 :]) == "decompression_bomb"


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_too_little_memory_for_a_picture_is_said(monkeypatch, kind):
    def load(*_arguments):
        raise MemoryError

    monkeypatch.setattr(ImageFile.ImageFile, "load", load)
    monkeypatch.setattr("signpost.images.prepare.decode_jpeg", load)
    assert code_of(encode(gradient(), kind)) == "too_many_pixels"


def test_a_function_has_the_memory_that_the_limits_ask_for():
    assert Limits().memory_mb(32) == 512
    assert Limits().memory_mb(224) == 704
    assert Limits(max_pixels=1000).memory_mb(32) == 512
    # The highest that the settings allow: Lambda has at most 10,240 MB.
    assert 2000 < Limits(max_bytes=100 * 2**20, max_pixels=200_000_000).memory_mb(1024) < 10_240


def outcome(data: bytes) -> str:
    """Prepare a picture that may be anything; whatever is raised but PictureError fails the test."""
    try:
        return str(prepare(data, 32, 32, Limits(max_pixels=1_000_000)).size)
    except PictureError as error:
        assert error.message
        return error.code


_WEBP = b"RIFF\x20\0\0\0WEBP"
_HEADS = st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", _WEBP + b"VP8 ", _WEBP + b"VP8X"])


@given(head=_HEADS, tail=st.binary(max_size=400))
@settings(max_examples=300)
def test_random_bytes(head, tail):
    assert outcome(head + tail)


_SEEDS = [
    encode(gradient(), "JPEG"),
    encode(gradient(), "JPEG", progressive=True, exif=Image.Exif()),
    encode(gradient(), "PNG"),
    encode(gradient().convert("P"), "PNG", transparency=3),
    encode(gradient(), "PNG", save_all=True, append_images=[gradient()]),
    encode(gradient(), "WEBP"),
    encode(gradient(), "WEBP", lossless=False, save_all=True, append_images=[gradient()]),
]


@given(seed=st.sampled_from(_SEEDS), data=st.data())
@settings(max_examples=400)
def test_damaged_pictures(seed, data):
    damaged = bytearray(seed)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(seed) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(seed)))
    assert outcome(bytes(damaged[:cut] if data.draw(st.booleans()) else damaged))


def test_real_messy_pictures(shared_data: Path):
    files = [file for file in sorted((shared_data / "messy").rglob("*")) if file.is_file()]
    found = {file.relative_to(shared_data / "messy").as_posix(): outcome_of_file(file) for file in files}
    assert found["corrupt/broken_data_stream.png"] == "corrupt_image"
    assert found["truncated/truncated.jpg"] == "truncated_image"
    assert found["decompression_bomb/17000x17000.avif"] == "decompression_bomb"
    good = ("exif", "gps", "icc", "gray", "palette", "alpha", "mpo", "large", "webp", "bad_metadata", "sixteen_bit/i_")
    assert {name: code for name, code in found.items() if name.startswith(good) and code != "(32, 32)"} == {}


def outcome_of_file(file: Path) -> str:
    try:
        return str(prepare(file.read_bytes(), 32, 32, Limits()).size)
    except PictureError as error:
        return error.code


def test_metadata_of_any_kind_loses_no_picture():
    data = encode(gradient(), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff" + bytes(40))
    with Image.open(io.BytesIO(data)) as image:
        assert image.info["exif"]
    assert prepare(data, 32, 32, Limits()).size == (32, 32)
