"""Pixels are sRGB, whatever colour profile an image has, and transparent only where its exact colour says so."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from signpost.images import jpeg_pixels
from signpost.images.colour import MAX_PROFILE_BYTES, conversion_to_srgb
from signpost.images.limits import Limits
from signpost.images.prepare import prepare
from signpost.images.thumbnails import thumbnail
from tests.unit.sample_pictures import encode, gradient, png
from training.data.decode import prepare_file

SIZE = (32, 24)
COLOUR = (200, 80, 60)
# CIE xy of the primaries; the white point of all is D65.
ADOBE_RGB = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
DISPLAY_P3 = ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06))
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
D50, D65 = np.array([0.9642, 1, 0.8249]), np.array([0.95047, 1, 1.08883])


def _s15(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def _profile(tags: dict[bytes, bytes], space: bytes) -> bytes:
    """Write an ICC profile of version 2 (ICC.1:2001-04, section 6)."""
    table, body = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += name + struct.pack(">II", 132 + 12 * len(tags) + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    header = struct.pack(">I4sI4s4s4s", 132 + 12 * len(tags) + len(body), bytes(4), 0x02100000, b"mntr", space, b"XYZ ")
    header += bytes(12) + b"acsp" + bytes(28) + b"".join(map(_s15, D50))
    return header.ljust(128, b"\0") + table + body


def _curve(gamma: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)


def _text(name: bytes) -> bytes:
    return b"desc" + bytes(4) + struct.pack(">I", len(name) + 1) + name + bytes(1 + 8 + 3 + 67)


def rgb_profile(primaries: tuple, gamma: float = 2.2) -> bytes:
    """Build the profile of a screen."""
    xyz = np.array([[x / y, 1, (1 - x - y) / y] for x, y in primaries]).T
    xyz = xyz * np.linalg.solve(xyz, D65)
    adapted = np.linalg.inv(BRADFORD) @ np.diag((BRADFORD @ D50) / (BRADFORD @ D65)) @ BRADFORD @ xyz
    tags = {b"desc": _text(b"test"), b"cprt": b"text" + bytes(4) + b"none\0", b"wtpt": _xyz(D50)}
    tags |= {name: _xyz(column) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), adapted.T, strict=True)}
    return _profile(tags | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), _curve(gamma)), b"RGB ")


def grey_profile(gamma: float) -> bytes:
    tags = {b"desc": _text(b"grey"), b"cprt": b"text" + bytes(4) + b"none\0", b"wtpt": _xyz(D50)}
    return _profile(tags | {b"kTRC": _curve(gamma)}, b"GRAY")


def cmyk_profile() -> bytes:
    """Build the profile of a printer whose inks only change lightness: the sum of all four, from white to black."""
    grid = [(c, m, y, k) for c in (0, 1) for m in (0, 1) for y in (0, 1) for k in (0, 1)]
    lab = b"".join(bytes((round(255 * (1 - min(1, sum(inks) / 2))), 128, 128)) for inks in grid)
    ramp = bytes(range(256))
    matrix = b"".join(_s15(value) for value in (1, 0, 0, 0, 1, 0, 0, 0, 1))
    lut = b"mft1" + bytes(4) + bytes((4, 3, 2, 0)) + matrix + 4 * ramp + lab + 3 * ramp
    tags = {b"desc": _text(b"inks"), b"cprt": b"text" + bytes(4) + b"none\0", b"wtpt": _xyz(D50), b"A2B0": lut}
    data = bytearray(_profile(tags, b"CMYK"))
    data[12:16], data[20:24] = b"prtr", b"Lab "
    return bytes(data)


def _xyz(values: np.ndarray) -> bytes:
    return b"XYZ " + bytes(4) + b"".join(map(_s15, values))


def pixel(data: bytes) -> tuple[int, ...]:
    found = prepare(data, *SIZE, Limits(formats=("jpeg", "png", "webp", "avif", "heic"))).getpixel((16, 12))
    assert isinstance(found, tuple)
    return found


def close(one: tuple[int, ...], other: tuple[int, ...], within: int = 2) -> bool:
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) <= within


@pytest.mark.parametrize(
    ("profile", "expected"),
    # Computed by the definition of the colour spaces, without a colour management system.
    [(rgb_profile(ADOBE_RGB), (230, 79, 56)), (rgb_profile(DISPLAY_P3), (218, 67, 47))],
    ids=["Adobe RGB", "Display P3"],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_colours_are_converted_by_the_embedded_profile(kind: str, profile: bytes, expected: tuple[int, ...]):
    options = {"quality": 98, "subsampling": "4:4:4"} if kind == "AVIF" else {}
    data = encode(Image.new("RGB", (96, 64), COLOUR), kind, icc_profile=profile, **options)

    assert close(pixel(data), expected, within=4 if kind == "AVIF" else 2)
    # Training and thumbnails have the same colours.
    assert tuple(prepare_file(data, *SIZE)[12, 16]) == pixel(data)
    with Image.open(io.BytesIO(thumbnail(data, 32, Limits()))) as shown:
        assert close(shown.getpixel((16, 10)), pixel(data), within=1)


@pytest.mark.parametrize("size", [(96, 64), (1921, 1079)])
def test_both_decoders_of_jpeg_convert_alike(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch):
    data = encode(gradient(*size), "JPEG", icc_profile=rgb_profile(DISPLAY_P3))
    quick = prepare(data, *SIZE, Limits())
    monkeypatch.setattr(jpeg_pixels, "simplejpeg", None)
    assert prepare(data, *SIZE, Limits()).tobytes() == quick.tobytes()
    assert quick.tobytes() != prepare(encode(gradient(*size), "JPEG"), *SIZE, Limits()).tobytes()


def test_a_large_image_is_converted_as_a_whole_one_is():
    image, profile = gradient(1500, 1300), rgb_profile(ADOBE_RGB)
    whole = ImageCms.profileToProfile(
        image, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode="RGB"
    )
    assert whole is not None
    expected = whole.resize(SIZE, Image.Resampling.BILINEAR)
    assert prepare(encode(image, "PNG", icc_profile=profile), *SIZE, Limits()).tobytes() == expected.tobytes()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_profile_of_srgb_changes_no_pixel(kind: str):
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    with_profile = prepare(encode(gradient(), kind, icc_profile=srgb), *SIZE, Limits())
    assert with_profile.tobytes() == prepare(encode(gradient(), kind), *SIZE, Limits()).tobytes()


def test_a_profile_in_several_segments_is_joined_in_their_order():
    profile = rgb_profile(ADOBE_RGB)
    data = encode(Image.new("RGB", (96, 64), COLOUR), "JPEG")
    parts = [(2, profile[300:]), (1, profile[:300])]
    segments = b"".join(
        b"\xff\xe2" + struct.pack(">H", 16 + len(part)) + b"ICC_PROFILE\0" + bytes((number, 2)) + part
        for number, part in parts
    )
    assert close(pixel(data[:2] + segments + data[2:]), (230, 79, 56))


def test_transparency_stays_with_converted_colours():
    image = Image.new("RGBA", (96, 64), (*COLOUR, 255))
    image.paste((*COLOUR, 0), (0, 0, 48, 64))
    prepared = prepare(encode(image, "PNG", icc_profile=rgb_profile(ADOBE_RGB)), *SIZE, Limits())
    assert prepared.getpixel((2, 12)) == (255, 255, 255)
    assert close(prepared.getpixel((30, 12)), (230, 79, 56))


@pytest.mark.parametrize("mode", ["L", "LA", "I;16", "1"])
def test_grey_is_converted_by_a_profile_of_grey(mode: str):
    grey = np.full((64, 96), 200, np.uint8)
    image = Image.fromarray(grey.astype(np.uint16) * 257) if mode == "I;16" else Image.fromarray(grey).convert(mode)
    found = pixel(encode(image, "PNG", icc_profile=grey_profile(1.0)))
    assert found[0] == found[1] == found[2]
    # A linear 200 of 255 is 229 in sRGB; black and white stay.
    assert mode == "1" or abs(found[0] - 229) <= 1


def test_cmyk_is_converted_by_its_profile():
    image = Image.new("CMYK", (96, 64), (0, 0, 0, 128))
    by_profile = pixel(encode(image, "JPEG", icc_profile=cmyk_profile()))
    assert close(by_profile, (178, 178, 178), within=12)  # L* of 75
    assert not close(pixel(encode(image, "JPEG")), by_profile, within=20)


@pytest.mark.parametrize(
    ("mode", "profile"),
    [
        ("RGB", b"no profile at all"),
        ("RGB", rgb_profile(ADOBE_RGB)[:200]),
        ("RGB", rgb_profile(ADOBE_RGB).replace(b"acsp", b"xxxx")),
        ("RGB", rgb_profile(ADOBE_RGB).replace(b"RGB XYZ ", b"6CLRXYZ ")),
        ("RGB", grey_profile(1.0)),
        ("RGB", cmyk_profile()),
        ("CMYK", rgb_profile(ADOBE_RGB)),
        ("RGB", rgb_profile(ADOBE_RGB) + bytes(MAX_PROFILE_BYTES)),
    ],
    ids=["text", "truncated", "no signature", "six colours", "of grey", "of CMYK", "of RGB", "too large"],
)
def test_a_profile_that_cannot_be_used_is_passed_over(mode: str, profile: bytes):
    image = Image.new(mode, (96, 64), 90)
    plain = prepare(encode(image, "JPEG"), *SIZE, Limits())
    assert conversion_to_srgb(profile, mode) is None
    assert prepare(encode(image, "JPEG", icc_profile=profile), *SIZE, Limits()).tobytes() == plain.tobytes()


def test_a_profile_that_grows_in_a_png_costs_nothing_and_loses_no_image():
    grown = b"bomb\0\0" + zlib.compress(bytes(200_000_000), 9)
    assert prepare(png(8, 8, bytes(72), more=[(b"iCCP", grown)]), 8, 8, Limits()).getpixel((0, 0)) == (0, 0, 0)


NEAR, TRANSPARENT = 0x1299, 0x1234


@pytest.mark.parametrize(
    ("sample", "expected"), [(NEAR, (18, 18, 18)), (TRANSPARENT, (255, 255, 255)), (0x1334, (19, 19, 19))], ids=str
)
@pytest.mark.parametrize("colour", [0, 2], ids=["grey", "RGB"])
def test_only_the_exact_colour_of_16_bits_is_transparent(colour: int, sample: int, expected: tuple[int, ...]):
    bands = 3 if colour else 1
    row = b"\0" + struct.pack(">H", sample) * 8 * bands
    data = png(8, 8, row * 8, colour=colour, depth=16, more=[(b"tRNS", struct.pack(">H", TRANSPARENT) * bands)])
    assert prepare(data, 8, 8, Limits()).getpixel((4, 4)) == expected


@pytest.mark.parametrize("name", ["near", "near-rgb"])
def test_the_cases_of_transparency(shared_data: Path, name: str):
    data = (shared_data.parent / "cases/png-transparency" / f"{name}.png").read_bytes()
    assert pixel(data) == (18, 18, 18)


@pytest.mark.parametrize("name", ["AdobeRGB", "Display-P3"])
def test_the_cases_of_profiles(shared_data: Path, name: str):
    data = (shared_data.parent / "cases/icc" / f"{name}.jpg").read_bytes()
    with Image.open(io.BytesIO(data)) as image:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
        expected = ImageCms.profileToProfile(image, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
    assert expected is not None
    assert prepare(data, *expected.size, Limits()).tobytes() == expected.tobytes()
